// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Serial lines from text. Pure. Refuses speeds that no port has and formats that Modbus
// RTU cannot have (7 data bits).
#include "config/line.h"

#include <stdbool.h>
#include <string.h>

#include "config/units.h"

static const uint32_t bauds[] = {
	1200,
	2400,
	4800,
	9600,
	19200,
	38400,
	57600,
	115200,
	230400,
};

static bool
is_baud(int64_t baud)
{
	for (size_t i = 0; i < sizeof(bauds) / sizeof(bauds[0]); i++)
		if (bauds[i] == baud)
			return true;
	return false;
}

const char *
line_parse(const char *text, struct line_settings *out)
{
	char why[WHY_MAX], number[16];
	size_t digits = strcspn(text, " ");
	const char *format = text + digits + strspn(text + digits, " ");
	int64_t baud;

	if (digits == 0 || digits >= sizeof(number) || strlen(format) != 3)
		return "must be the speed and the format, for example 9600 8N1";
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (units_integer(number, 1, 10000000, &baud, why) != 0 || !is_baud(baud))
		return "the speed must be one of 1200, 2400, 4800, 9600, 19200, 38400, "
		       "57600, 115200, 230400";
	if (format[0] != '8')
		return "Modbus RTU needs 8 data bits";
	if (strchr("NEO", format[1]) == NULL || strchr("12", format[2]) == NULL)
		return "the format must be 8, then N, E or O, then 1 or 2 stop bits";
	*out = (struct line_settings){
		.baud = (uint32_t)baud,
		.parity = format[1],
		.data_bits = 8,
		.stop_bits = (uint8_t)(format[2] - '0'),
	};
	return NULL;
}
