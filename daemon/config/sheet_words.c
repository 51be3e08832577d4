// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The words of spreadsheets, folded: lower case, without spaces, underscores, hyphens,
// points and brackets, as fold() makes them. A word stands here only where it can mean
// one thing: 编码 is an address in one maker's table and an id in another's, so it is
// missing. Our own names of kinds and latches need no entry.
#include "config/sheet_words.h"

#include <string.h>

#include "lib/mem.h"

// clang-format off
static const struct {
	const char *word;
	enum point_cell column;
} headings[] = {
	{ "id", CELL_ID },
	{ "编号", CELL_ID }, { "点号", CELL_ID }, { "点位号", CELL_ID }, { "点位编号", CELL_ID },
	{ "点编号", CELL_ID }, { "点名", CELL_ID }, { "标识", CELL_ID }, { "位号", CELL_ID },
	{ "point", CELL_ID }, { "pointid", CELL_ID }, { "tag", CELL_ID },

	{ "item", CELL_ITEM },
	{ "条目", CELL_ITEM }, { "项目", CELL_ITEM }, { "数据项", CELL_ITEM }, { "寄存器块", CELL_ITEM },
	{ "block", CELL_ITEM },

	{ "loop", CELL_LOOP },
	{ "回路", CELL_LOOP }, { "回路号", CELL_LOOP }, { "回路编号", CELL_LOOP }, { "总线回路", CELL_LOOP },
	{ "总线号", CELL_LOOP },
	{ "loopno", CELL_LOOP }, { "loopnumber", CELL_LOOP },

	{ "device", CELL_DEVICE },
	{ "地址", CELL_DEVICE }, { "地址号", CELL_DEVICE }, { "地址码", CELL_DEVICE }, { "设备号", CELL_DEVICE },
	{ "设备地址", CELL_DEVICE }, { "部件地址", CELL_DEVICE }, { "部件号", CELL_DEVICE },
	{ "address", CELL_DEVICE }, { "deviceno", CELL_DEVICE }, { "devicenumber", CELL_DEVICE },
	{ "deviceaddress", CELL_DEVICE }, { "addr", CELL_DEVICE },

	{ "kind", CELL_KIND },
	{ "类型", CELL_KIND }, { "种类", CELL_KIND }, { "设备类型", CELL_KIND }, { "部件类型", CELL_KIND },
	{ "点类型", CELL_KIND },
	{ "type", CELL_KIND }, { "devicetype", CELL_KIND }, { "pointtype", CELL_KIND },

	{ "zone", CELL_ZONE },
	{ "分区", CELL_ZONE }, { "区域", CELL_ZONE }, { "区号", CELL_ZONE }, { "分区号", CELL_ZONE },
	{ "防火分区", CELL_ZONE }, { "防区", CELL_ZONE }, { "防区号", CELL_ZONE }, { "报警分区", CELL_ZONE }, { "探测区域", CELL_ZONE },
	{ "zoneid", CELL_ZONE }, { "zoneno", CELL_ZONE },

	{ "latch", CELL_LATCH },
	{ "锁存", CELL_LATCH }, { "自锁", CELL_LATCH }, { "保持", CELL_LATCH }, { "复位方式", CELL_LATCH },
	{ "latching", CELL_LATCH },

	{ "placezh", CELL_PLACE_ZH },
	{ "部位", CELL_PLACE_ZH }, { "位置", CELL_PLACE_ZH }, { "地点", CELL_PLACE_ZH }, { "场所", CELL_PLACE_ZH },
	{ "安装部位", CELL_PLACE_ZH }, { "安装位置", CELL_PLACE_ZH }, { "部位描述", CELL_PLACE_ZH },
	{ "位置描述", CELL_PLACE_ZH }, { "部位注释", CELL_PLACE_ZH }, { "注释信息", CELL_PLACE_ZH },
	{ "中文部位", CELL_PLACE_ZH }, { "部位中文", CELL_PLACE_ZH }, { "位置中文", CELL_PLACE_ZH },

	{ "placeen", CELL_PLACE_EN },
	{ "place", CELL_PLACE_EN }, { "location", CELL_PLACE_EN }, { "position", CELL_PLACE_EN },
	{ "description", CELL_PLACE_EN }, { "room", CELL_PLACE_EN },
	{ "英文部位", CELL_PLACE_EN }, { "部位英文", CELL_PLACE_EN }, { "位置英文", CELL_PLACE_EN },
	{ "英文位置", CELL_PLACE_EN },
};

// Columns of a person's own; they are left out, with a note.
static const char *const left_out[] = {
	"序号", "备注", "说明", "厂家", "型号", "楼层", "no", "remark", "remarks", "note", "notes",
	"comment", "maker", "model", "floor",
};

static const struct word {
	const char *word, *ours;
} kinds[] = {
	{ "感烟探测器", "smoke" }, { "感烟", "smoke" }, { "烟感", "smoke" }, { "点型感烟", "smoke" },
	{ "光电感烟", "smoke" }, { "光电感烟探测器", "smoke" }, { "点型光电感烟探测器", "smoke" },
	{ "感烟火灾探测器", "smoke" }, { "点型感烟火灾探测器", "smoke" }, { "点型光电感烟火灾探测器", "smoke" },
	{ "线型光束感烟", "smoke" }, { "线型光束感烟探测器", "smoke" }, { "线型光束感烟火灾探测器", "smoke" },
	{ "红外光束感烟探测器", "smoke" }, { "离子感烟探测器", "smoke" },
	{ "吸气式感烟", "smoke" }, { "吸气式感烟探测器", "smoke" }, { "吸气式感烟火灾探测器", "smoke" },
	{ "smokedetector", "smoke" },
	{ "感温探测器", "heat" }, { "感温", "heat" }, { "温感", "heat" }, { "点型感温", "heat" },
	{ "点型感温探测器", "heat" }, { "感温火灾探测器", "heat" }, { "点型感温火灾探测器", "heat" },
	{ "差定温", "heat" }, { "差定温探测器", "heat" }, { "感温电缆", "heat" }, { "缆式感温", "heat" },
	{ "缆式感温探测器", "heat" }, { "线型感温", "heat" }, { "线型感温探测器", "heat" },
	{ "缆式线型感温火灾探测器", "heat" }, { "线型感温火灾探测器", "heat" },
	{ "heatdetector", "heat" },
	{ "手动报警按钮", "manual-call-point" }, { "手动火灾报警按钮", "manual-call-point" },
	{ "手报", "manual-call-point" }, { "手报按钮", "manual-call-point" }, { "手动报警", "manual-call-point" },
	// GB 50116-2013 4.3.1: what a hydrant's button signals is an alarm.
	{ "消火栓按钮", "manual-call-point" }, { "消防栓按钮", "manual-call-point" },
	{ "消火栓报警按钮", "manual-call-point" }, { "消报", "manual-call-point" },
	{ "mcp", "manual-call-point" }, { "pullstation", "manual-call-point" },
	{ "manualstation", "manual-call-point" },
	{ "火警触点", "fire-contact" }, { "火警接点", "fire-contact" },
	{ "水流指示器", "flow-switch" }, { "水流", "flow-switch" }, { "flow", "flow-switch" },
	{ "信号阀", "valve" }, { "信号蝶阀", "valve" }, { "阀门", "valve" }, { "signalvalve", "valve" },
	{ "模块", "module" }, { "输入模块", "module" }, { "输入输出模块", "module" }, { "监视模块", "module" },
	// What a panel starts or is told of through a module of its loop.
	{ "输出模块", "module" }, { "控制模块", "module" }, { "单输入模块", "module" },
	{ "单输入单输出模块", "module" }, { "双输入双输出模块", "module" }, { "隔离模块", "module" },
	{ "隔离器", "module" }, { "短路隔离器", "module" },
	{ "声光", "module" }, { "声光报警器", "module" }, { "声光警报器", "module" },
	{ "火灾声光警报器", "module" }, { "讯响器", "module" }, { "警铃", "module" },
	{ "防火阀", "module" }, { "排烟阀", "module" }, { "排烟口", "module" }, { "送风口", "module" },
	{ "正压送风口", "module" }, { "加压送风口", "module" },
	{ "送风机", "module" }, { "正压送风机", "module" }, { "排烟机", "module" }, { "排烟风机", "module" },
	{ "防火卷帘", "module" }, { "卷帘门", "module" }, { "防火卷帘门", "module" },
	{ "喷淋泵", "module" }, { "消火栓泵", "module" }, { "消防泵", "module" },
	{ "电梯", "module" }, { "非消防电源", "module" }, { "切非", "module" }, { "消防广播", "module" },
	{ "消防电话", "module" }, { "电话插孔", "module" },
	{ "outputmodule", "module" }, { "controlmodule", "module" },
	{ "inputmodule", "module" }, { "monitormodule", "module" },
	{ "门", "door" }, { "门磁", "door" }, { "常闭门", "door" }, { "doorcontact", "door" },
	{ "紧急按钮", "panic" }, { "求助按钮", "panic" }, { "panicbutton", "panic" },
	{ "出门按钮", "request-to-exit" }, { "开门按钮", "request-to-exit" }, { "rex", "request-to-exit" },
	{ "防火门", "fire-door" }, { "巡更点", "patrol-point" },
	{ "水泵运行", "pump-run" }, { "泵运行", "pump-run" }, { "pumprunning", "pump-run" },
	{ "水泵自动位", "pump-auto" }, { "泵自动", "pump-auto" }, { "pumpinautomatic", "pump-auto" },
	{ "水泵手动位", "pump-manual" }, { "泵手动", "pump-manual" }, { "pumpinmanual", "pump-manual" },
	{ "故障触点", "fault-contact" }, { "故障接点", "fault-contact" }, { "故障", "fault-contact" },
	{ "压力", "pressure" }, { "压力变送器", "pressure" }, { "pressuretransmitter", "pressure" },
	{ "液位", "level" }, { "水位", "level" }, { "液位变送器", "level" },
	{ "火灾报警控制器", "panel" }, { "控制器", "panel" },
};

static const struct word latches[] = {
	{ "无", "none" }, { "不锁存", "none" }, { "否", "none" }, { "no", "none" },
	{ "本机", "own" }, { "本系统", "own" }, { "本系统复位", "own" },
	{ "控制器", "panel" }, { "控制器复位", "panel" }, { "面板", "panel" },
};
// clang-format on

enum {
	N_HEADINGS = sizeof(headings) / sizeof(headings[0]),
	N_LEFT_OUT = sizeof(left_out) / sizeof(left_out[0]),
	N_KINDS = sizeof(kinds) / sizeof(kinds[0]),
	N_LATCHES = sizeof(latches) / sizeof(latches[0]),
};

// Lower case, without what people put between words. Full-width forms are gone by now,
// but for the brackets of a word that was compared as it stands.
static bool
fold(const char *word, char out[static SHEET_WORD_MAX])
{
	size_t n = 0;

	for (const char *s = word; *s != '\0'; s++) {
		if (strchr(" _-.()[]/:*#\t\r\n", *s) != NULL)
			continue;
		if (n == SHEET_WORD_MAX - 1)
			return false;
		out[n++] = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;
	}
	out[n] = '\0';
	return n > 0;
}

enum point_cell
sheet_column(const char *heading)
{
	char folded[SHEET_WORD_MAX];

	for (size_t i = 0; fold(heading, folded) && i < N_HEADINGS; i++)
		if (strcmp(folded, headings[i].word) == 0)
			return headings[i].column;
	return CELL_COUNT;
}

bool
sheet_column_left_out(const char *heading)
{
	char folded[SHEET_WORD_MAX];

	for (size_t i = 0; fold(heading, folded) && i < N_LEFT_OUT; i++)
		if (strcmp(folded, left_out[i]) == 0)
			return true;
	return false;
}

static const char *
look_up(const char *folded, const struct word *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(folded, table[i].word) == 0)
			return table[i].ours;
	return NULL;
}

// Our own name, written with other capitals or hyphens.
static bool
is_ours(const char *folded, const char *name)
{
	char other[SHEET_WORD_MAX];

	return fold(name, other) && strcmp(folded, other) == 0;
}

const char *
sheet_kind(const char *word)
{
	char folded[SHEET_WORD_MAX];

	if (!fold(word, folded))
		return NULL;
	for (unsigned k = 0; k < KIND_LINK; k++)
		if (is_ours(folded, point_kind_name((enum point_kind)k)))
			return point_kind_name((enum point_kind)k);
	return look_up(folded, kinds, N_KINDS);
}

const char *
sheet_latch(const char *word)
{
	char folded[SHEET_WORD_MAX];

	if (!fold(word, folded))
		return NULL;
	for (unsigned i = 0; i < LATCH_COUNT; i++)
		if (is_ours(folded, latch_name((enum latch)i)))
			return latch_name((enum latch)i);
	return look_up(folded, latches, N_LATCHES);
}

void
sheet_each_heading(void (*fn)(void *arg, const char *word), void *arg)
{
	for (enum point_cell i = 0; i < CELL_COUNT; i++)
		fn(arg, cell_names[i]);
	for (size_t i = 0; i < N_HEADINGS; i++)
		if ((unsigned char)headings[i].word[0] >=
		    0x80) // 'a-z' folded is no name
			fn(arg, headings[i].word);
}

void
sheet_each_kind(void (*fn)(void *arg, const char *word), void *arg)
{
	for (unsigned k = 0; k < KIND_LINK; k++)
		fn(arg, point_kind_name((enum point_kind)k));
	for (size_t i = 0; i < N_KINDS; i++)
		fn(arg, kinds[i].word);
}

void
sheet_first_kinds(void (*fn)(void *arg, const char *word), void *arg)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (i == 0 || strcmp(kinds[i].ours, kinds[i - 1].ours) != 0)
			fn(arg, kinds[i].word);
}
