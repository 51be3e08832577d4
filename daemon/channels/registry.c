// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The one list of channel kinds. A new channel is one file and one line here. Read-only
// data: any thread. It refuses to guess: a channel that no kind takes is reported as
// failed by the delivery thread, never dropped.
#include "channels/channel.h"

// clang-format off
static const struct channel *const kinds[] = {
	&channel_webhook,
};
// clang-format on

const struct channel *
channel_for(const struct channel_def *def)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i]->takes(def))
			return kinds[i];
	return NULL;
}
