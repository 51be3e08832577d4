// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Looking a point up by id, or a code by name, in a loaded site. Owns nothing; any
// thread, since a site is immutable once loaded. Linear on purpose: tools and tests
// only.
#include "core/site.h"

#include <string.h>

const char *
bus_kind_name(enum bus_kind k)
{
	static const char *const names[] = {
		[BUS_MODBUS_TCP] = "modbus_tcp",
		[BUS_MODBUS_RTU] = "modbus_rtu",
		[BUS_MODBUS_RTU_TCP] = "modbus_rtu_tcp",
		[BUS_MODBUS_RTU_UDP] = "modbus_rtu_udp",
		[BUS_REPLAY] = "replay",
	};

	return names[k];
}

uint32_t
site_find_point(const struct site *s, const char *id)
{
	for (uint32_t i = 0; i < s->n_points; i++) {
		if (strcmp(s->points[i].id, id) == 0)
			return i;
	}
	return UINT32_MAX;
}

bool
site_point_maturity(const struct site *s, const struct point *p, enum maturity *out)
{
	if (p->device >= s->n_devices || s->devices[p->device].profile == NULL)
		return false;
	const struct profile *f = s->devices[p->device].profile;
	*out = f->maturity;
	if (p->item < f->n_items && f->items[p->item].maturity < *out)
		*out = f->items[p->item].maturity;
	return true;
}

bool
site_point_inferred(const struct site *s, const struct point *p)
{
	enum maturity m;

	return site_point_maturity(s, p, &m) && m == MATURITY_INFERRED;
}

code_id
site_find_code(const struct site *s, const char *name)
{
	for (uint16_t i = 0; i < s->n_codes; i++) {
		if (strcmp(s->codes[i], name) == 0)
			return i;
	}
	return 0;
}

uint32_t
site_told_within_ms(const struct site *s, const struct point *contact)
{
	return contact->device == INDEX_NONE ? contact->debounce_ms
					     : s->devices[contact->device].poll_ms;
}
