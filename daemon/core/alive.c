// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See alive.h. Owns nothing; pure.
#include "core/alive.h"

#include <stddef.h>

const char *
alive_judge(const struct alive_facts *f)
{
	if (f->late_ms > ALIVE_LATE_MS)
		return "loop-late";
	if (f->writer_silent_ms > ALIVE_SILENT_MS)
		return "writer-silent";
	return NULL;
}
