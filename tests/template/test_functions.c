/* Functions: from an expression to its value, or to an error that says what would be taken. */
#include "templates.h"

#include "base/error.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *expression, *value;
} values[] = {
    /* texts */
    { "concat(`a`, `b`)", "'ab'" },
    { "concat(`a`)", "'a'" },
    { "CONCAT(`vm-`, 7, true())", "'vm-7True'" },
    { "concat(createArray(1), createArray(2, 3))", "[1,2,3]" },
    { "format(`{0}-{1}{0}`, `a`, 2)", "'a-2a'" },
    { "format(`{{0}}`)", "'{0}'" },
    { "toLower(`ÄBc`)", "'äbc'" },
    { "toUpper(`äbC`)", "'ÄBC'" },
    { "padLeft(12, 5, `0`)", "'00012'" },
    { "padLeft(`日本`, 3)", "' 日本'" },
    { "padLeft(`ab`, 3, `語`)", "'語ab'" },
    { "padLeft(`abc`, 2, `0`)", "'abc'" },
    { "padLeft(``, 0)", "''" },
    { "trim(`  a b  `)", "'a b'" },
    { "trim(`   `)", "''" },
    { "replace(`aXbX`, `X`, `--`)", "'a--b--'" },
    { "replace(`aaa`, `aa`, `b`)", "'ba'" },
    { "replace(`abc`, `x`, `y`)", "'abc'" },
    { "substring(`日本語です`, 1, 2)", "'本語'" },
    { "substring(`abc`, 1)", "'bc'" },
    { "substring(`abc`, 3)", "''" },
    { "substring(`abc`, 3, 0)", "''" },
    { "split(`a,b,,c`, `,`)", "['a','b','','c']" },
    { "split(``, `,`)", "['']" },
    { "split(`a,b;c`, createArray(`;`, `,`))", "['a','b','c']" },
    { "join(createArray(`a`, 2, true()), `, `)", "'a, 2, True'" },
    { "join(createArray(), `,`)", "''" },
    { "startsWith(`abcdef`, `AB`)", "true" },
    { "startsWith(`abc`, `bc`)", "false" },
    { "endsWith(`abcdef`, `EF`)", "true" },
    { "endsWith(`abc`, `ab`)", "false" },
    { "indexOf(`日本語`, `語`)", "2" },
    { "indexOf(`abcABC`, `C`)", "2" },
    { "indexOf(`abc`, `x`)", "-1" },
    { "lastIndexOf(`abcabc`, `B`)", "4" },
    { "lastIndexOf(`日本日`, `日`)", "2" },
    { "lastIndexOf(`abc`, `x`)", "-1" },
    /* made of others: the first is what Microsoft tries its own with */
    { "uniqueString(`/subscriptions/00000000-0000-0000-0000-000000000000`, `resource-id`)", "'cwvxuqg24sifi'" },
    { "uniqueString(`/subscriptions/00000000-0000-0000-0000-000000000000-resource-id`)", "'cwvxuqg24sifi'" },
    { "uniqueString(`test`)", "'rbgf3xv4ufgzg'" },
    { "uniqueString(`hello`)", "'htpi75jfihg4e'" },
    { "uniqueString(`abcdefg`)", "'logmp4qgzfm46'" },
    { "uniqueString(``)", "'aaaaaaaaaaaaa'" },
    { "guid(`a`)", "'3703365d-5a9f-59b4-bca7-b9681389e4c1'" },
    { "guid(`a`, `b`)", "'2d796349-8c7e-55ec-9624-54ece82ed031'" },
    /* from one kind to another */
    { "string(12)", "'12'" },
    { "string(true())", "'True'" },
    { "string(`a`)", "'a'" },
    { "length(string(createObject(`a`, createArray(1, null()))))", "14" },
    { "int(`-12`)", "-12" },
    { "int(3)", "3" },
    { "bool(`TRUE`)", "true" },
    { "bool(`0`)", "false" },
    { "bool(2)", "true" },
    { "bool(false())", "false" },
    { "json(`[1, 2.5, null, true]`)", "[1,2.5,null,true]" },
    { "json(`null`)", "null" },
    { "base64(`ä`)", "'w6Q='" },
    { "base64(``)", "''" },
    { "base64ToString(`w6Q=`)", "'ä'" },
    { "base64ToString(``)", "''" },
    { "base64ToJson(base64(`{\\\"a\\\": [1]}`))", "{'a':[1]}" },
    { "dataUri(`Hello`)", "'data:text/plain;charset=utf8;base64,SGVsbG8='" },
    { "dataUriToString(`data:;base64,SGVsbG8sIFdvcmxkIQ==`)", "'Hello, World!'" },
    { "dataUriToString(`DATA:text/plain;charset=utf8;BASE64,w6Q=`)", "'ä'" },
    { "dataUriToString(`data:,a%20b,c`)", "'a b,c'" },
    { "dataUriToString(`data:text/base64,a%20b`)", "'a b'" },
    { "dataUriToString(dataUri(``))", "''" },
    { "uri(`http://h/a/b`, `c.sh`)", "'http://h/a/c.sh'" },
    { "uri(`http://h/a/b/`, `c.sh`)", "'http://h/a/b/c.sh'" },
    { "uriComponent(`a b/ä`)", "'a%20b%2F%C3%A4'" },
    { "uriComponentToString(`a%20b%2f%C3%A4+c`)", "'a b/ä+c'" },
    /* arrays */
    { "array(1)", "[1]" },
    { "array(createArray(1))", "[1]" },
    { "createArray()", "[]" },
    { "createArray(1, `a`, null())", "[1,'a',null]" },
    { "range(5, 3)", "[5,6,7]" },
    { "range(-1, 0)", "[]" },
    { "length(range(0, 10000))", "10000" },
    { "length(`日本`)", "2" },
    { "length(createArray(1, 2))", "2" },
    { "length(createObject(`a`, 1))", "1" },
    { "empty(``)", "true" },
    { "empty(createArray())", "true" },
    { "empty(createObject())", "true" },
    { "empty(null())", "true" },
    { "empty(`a`)", "false" },
    { "contains(`abc`, `bc`)", "true" },
    { "contains(`abc`, `BC`)", "false" },
    { "contains(`a1`, 1)", "true" },
    { "contains(createArray(1, createArray(2)), createArray(2))", "true" },
    { "contains(createArray(`1`), 1)", "false" },
    { "contains(createObject(`Key`, 1), `key`)", "true" },
    { "contains(createObject(`Key`, 1), `other`)", "false" },
    { "first(`日本`)", "'日'" },
    { "first(createArray(3, 4))", "3" },
    { "first(createArray())", "null" },
    { "first(``)", "''" },
    { "last(`日本`)", "'本'" },
    { "last(createArray(3, 4))", "4" },
    { "last(createArray())", "null" },
    { "last(``)", "''" },
    { "skip(createArray(1, 2, 3), 1)", "[2,3]" },
    { "skip(`日本語`, 2)", "'語'" },
    { "skip(createArray(1), 9)", "[]" },
    { "skip(createArray(1), -9)", "[1]" },
    { "take(createArray(1, 2, 3), 2)", "[1,2]" },
    { "take(`日本語`, 2)", "'日本'" },
    { "take(`a`, 9)", "'a'" },
    { "take(`a`, -9)", "''" },
    { "flatten(createArray(createArray(1, createArray(2)), createArray(), createArray(3)))", "[1,[2],3]" },
    { "flatten(createArray())", "[]" },
    { "indexFromEnd(createArray(1, 2, 3), 1)", "3" },
    { "indexFromEnd(createArray(1, 2, 3), 3)", "1" },
    { "tryIndexFromEnd(createArray(1, 2, 3), 2)", "2" },
    { "tryIndexFromEnd(createArray(1), 2)", "null" },
    { "tryIndexFromEnd(createArray(1), 0)", "null" },
    { "tryIndexFromEnd(createArray(1), -9223372036854775808)", "null" },
    { "tryGet(createObject(`a`, 1), `A`)", "1" },
    { "tryGet(createObject(`a`, 1), `b`)", "null" },
    { "tryGet(createArray(1, 2), 1)", "2" },
    { "tryGet(createArray(1, 2), 2)", "null" },
    { "tryGet(createArray(1, 2), -1)", "null" },
    { "tryGet(tryGet(createObject(), `a`), `b`)", "null" },
    /* objects and sets */
    { "items(createObject(`b`, 1, `C`, createArray(2), `a`, null()))", "[{'key':'a','value':null},{'key':'b','value':1},{'key':'C','value':[2]}]" },
    { "items(createObject())", "[]" },
    { "objectKeys(createObject(`b`, 1, `A`, 2))", "['b','A']" },
    { "objectKeys(createObject())", "[]" },
    { "createObject()", "{}" },
    { "createObject(`a`, 1, `b`, createArray(2))", "{'a':1,'b':[2]}" },
    { "union(createArray(1, 2), createArray(2, 3), createArray(1))", "[1,2,3]" },
    { "union(createObject(`a`, 1, `b`, 2), createObject(`B`, 3, `c`, 4))", "{'a':1,'b':3,'c':4}" },
    { "union(createObject(`a`, createObject(`x`, 1, `z`, 0)), createObject(`a`, createObject(`y`, 2, `Z`, 3)))", "{'a':{'x':1,'z':3,'y':2}}" },
    { "union(createObject(`a`, createArray(1)), createObject(`a`, createArray(2)))", "{'a':[2]}" },
    { "intersection(createArray(1, 2, 2, `3`), createArray(3, 2))", "[2]" },
    { "intersection(createObject(`a`, 1, `b`, 2), createObject(`B`, 2, `a`, 3))", "{'b':2}" },
    { "intersection(createObject(`a`, createArray(1)), createObject(`a`, createArray(1)), createObject())", "{}" },
    /* integers */
    { "add(9223372036854775806, 1)", "9223372036854775807" },
    { "sub(-9223372036854775807, 1)", "-9223372036854775808" },
    { "mul(-3, 4)", "-12" },
    { "div(-7, 2)", "-3" },
    { "mod(-7, 2)", "-1" },
    { "mod(-9223372036854775808, -1)", "0" },
    { "min(3, 1, 2)", "1" },
    { "max(createArray(3, 5, 2))", "5" },
    { "min(createArray(-1))", "-1" },
    /* times: the first are Azure's examples, where a year has 365 days and a month 30 */
    { "dateTimeAdd(`2023-01-01 00:00:00Z`, `P1Y`)", "'2024-01-01T00:00:00Z'" },
    { "dateTimeAdd(`2024-01-01 00:00:00Z`, `P1Y`)", "'2024-12-31T00:00:00Z'" },
    { "dateTimeAdd(`2023-02-01 00:00:00Z`, `P1M`)", "'2023-03-03T00:00:00Z'" },
    { "dateTimeAdd(`2024-02-01 00:00:00Z`, `P1M`)", "'2024-03-02T00:00:00Z'" },
    { "dateTimeAdd(`2020-04-07 14:53:14Z`, `-P9D`)", "'2020-03-29T14:53:14Z'" },
    { "dateTimeAdd(`20200407T145314Z`, `PT1H30M`)", "'2020-04-07T16:23:14Z'" },
    { "dateTimeAdd(`2020-04-07T14:53:14+02:00`, `P1WT1.5S`)", "'2020-04-14T12:53:15.5Z'" },
    { "dateTimeAdd(`2020-04-07`, `PT1M`, `yyyy/MM/dd HH-mm`)", "'2020/04/07 00-01'" },
    { "dateTimeToEpoch(`1970-01-01T00:00:01Z`)", "1" },
    { "dateTimeToEpoch(`2020-04-07 14:53:14.9Z`)", "1586271194" },
    { "dateTimeFromEpoch(1683040573)", "'2023-05-02T15:16:13Z'" },
    { "dateTimeFromEpoch(-1)", "'1969-12-31T23:59:59Z'" },
    /* truth */
    { "if(true(), 1, 2)", "1" },
    { "if(equals(1, 2), 1, 2)", "2" },
    { "if(true(), 1, div(1, 0))", "1" },
    { "if(false(), substring(`a`, 9), 2)", "2" },
    { "coalesce(null(), null(), 3, 4)", "3" },
    { "coalesce(null())", "null" },
    { "and(true(), true(), true())", "true" },
    { "and(true(), false())", "false" },
    { "or(false(), false())", "false" },
    { "or(false(), true())", "true" },
    { "not(true())", "false" },
    { "null()", "null" },
    { "equals(`a`, `A`)", "false" },
    { "equals(createObject(`a`, 1, `b`, 2), createObject(`b`, 2, `a`, 1))", "true" },
    { "equals(1, `1`)", "false" },
    { "equals(null(), null())", "true" },
    { "less(1, 2)", "true" },
    { "less(2, 2)", "false" },
    { "lessOrEquals(2, 2)", "true" },
    { "greater(3, 2)", "true" },
    { "greater(2, 2)", "false" },
    { "greaterOrEquals(2, 2)", "true" },
    { "greaterOrEquals(1, 2)", "false" },
    { "less(`a`, `B`)", "true" },
    { "greater(`A`, `a`)", "true" },
    { "greater(`B`, `a`)", "true" },
    { "lessOrEquals(`a`, `a`)", "true" },
    /* where it is deployed */
    { "resourceGroup()", "{'id':'/subscriptions/s/resourceGroups/g','name':'g','type':'Microsoft.Resources/resourceGroups','location':'here','tags':{},'properties':{'provisioningState':'Succeeded'}}" },
    { "resourceGroup().LOCATION", "'here'" },
    { "subscription().subscriptionId", "'s'" },
    { "subscription().id", "'/subscriptions/s'" },
    { "deployment().name", "'d'" },
    { "providers(`microsoft.compute`, `VirtualMachineScaleSets`).apiVersions[0]", "'2024-07-01'" },
    { "providers(`Microsoft.Compute`).resourceTypes[0].resourceType", "'virtualMachineScaleSets'" },
    { "resourceId(`Microsoft.Network/virtualNetworks`, `v`)", "'" NETWORK "virtualNetworks/v'" },
    { "resourceId(`Microsoft.Network/virtualNetworks/subnets`, `v`, `n`)", "'" NETWORK "virtualNetworks/v/subnets/n'" },
    { "resourceId(`other`, `Microsoft.Network/virtualNetworks`, `v`)", "'/subscriptions/s/resourceGroups/other/providers/Microsoft.Network/virtualNetworks/v'" },
    { "resourceId(`t`, `other`, `Microsoft.Network/virtualNetworks`, `v`)", "'/subscriptions/t/resourceGroups/other/providers/Microsoft.Network/virtualNetworks/v'" },
    { "subscriptionResourceId(`Microsoft.Network/locations/usages`, `l`, `u`)", "'/subscriptions/s/providers/Microsoft.Network/locations/l/usages/u'" },
    { "subscriptionResourceId(`t`, `Microsoft.Network/locations`, `l`)", "'/subscriptions/t/providers/Microsoft.Network/locations/l'" },
};

static const struct {
    const char *expression, *words;
} refused[] = {
    { "nothing(1)", "no function 'nothing'|parameters, variables|greaterOrEquals" },
    { "uniqueString()", "uniqueString() takes at least 1 argument" },
    { "guid(1)", "guid() takes a text as argument 1" },
    { "newGuid()", "default values of parameters only" },
    { "if(false(), utcNow(), 1)", "default values of parameters only" },
    { "float(1)", "no function 'float'" },
    { "padLeft(`a`, -1)", "not negative" },
    { "padLeft(`a`, 5, `ab`)", "one character" },
    { "padLeft(`a`, 5, ``)", "one character" },
    { "padLeft(`a`, 9223372036854775807, `語`)", "more than 4194304 bytes" },
    { "padLeft(`a`, 5000000)", "more than 4194304 bytes" },
    { "base64ToJson(`e30`)", "base64ToJson() takes a text in base64" },
    { "base64ToJson(base64(`{`))", "base64ToJson() takes a text that is JSON" },
    { "dataUriToString(`SGVsbG8=`)", "'data:,…'" },
    { "dataUriToString(`data:;base64,SGVsbG8`)", "gets another" },
    { "dataUriToString(`data:,%ff`)", "gets another" },
    { "dataUriToString(`data:;base64`)", "gets another" },
    { "uriComponentToString(`%zz`)", "%XX" },
    { "uriComponentToString(`%00`)", "%XX" },
    { "uriComponentToString(`%ff`)", "UTF-8" },
    { "flatten(createArray(createArray(), 1))", "element 1 is an integer" },
    { "flatten(createObject())", "flatten() takes an array" },
    { "indexFromEnd(createArray(1, 2), 3)", "element 3 from the end of an array of 2" },
    { "indexFromEnd(createArray(1, 2), 0)", "the last is 1" },
    { "tryGet(createObject(), 1)", "an object and a name" },
    { "tryGet(createArray(), `a`)", "an array and an integer" },
    { "tryGet(`a`, 1)", "tryGet() takes an array, an object or null" },
    { "items(createArray())", "items() takes an object" },
    { "objectKeys(createArray())", "objectKeys() takes an object" },
    { "dateTimeAdd(`yesterday`, `P1D`)", "dateTimeAdd() takes a time|2026-11-23T22:51:54Z" },
    { "dateTimeAdd(`2020-13-01T00:00:00Z`, `P1D`)", "takes a time" },
    { "dateTimeAdd(`2020-04-07`, `1D`)", "takes a duration|'P3Y'" },
    { "dateTimeAdd(`2020-04-07`, `P`)", "takes a duration" },
    { "dateTimeAdd(`2020-04-07`, `PT`)", "takes a duration" },
    { "dateTimeAdd(`2020-04-07`, `P1H`)", "takes a duration" },
    { "dateTimeAdd(`2020-04-07`, `PT1D`)", "takes a duration" },
    { "dateTimeAdd(`2020-04-07`, `PT1.5H`)", "takes a duration" },
    { "dateTimeAdd(`2020-04-07`, `PT1.S`)", "takes a duration" },
    { "dateTimeAdd(`2020-04-07`, `P1`)", "takes a duration" },
    { "dateTimeAdd(`2020-04-07`, `P99999999999999999999Y`)", "takes a duration" },
    { "dateTimeAdd(`2020-04-07`, `P999999999Y`)", "takes a duration" },
    { "dateTimeAdd(`2020-04-07`, `P9999Y`)", "years 1 to 9999" },
    { "dateTimeAdd(`2020-04-07`, `P1D`, `q`)", "takes a format as .NET has them|'q'" },
    { "dateTimeAdd(`2020-04-07`, `P1D`, `yyyy%`)", "format" },
    { "dateTimeToEpoch(`now`)", "dateTimeToEpoch() takes a time" },
    { "dateTimeFromEpoch(9223372036854775807)", "seconds of the years 1 to 9999" },
    { "concat()", "concat() takes at least 1 argument, and gets 0" },
    { "toLower()", "toLower() takes 1 argument, and gets 0" },
    { "substring(`a`)", "substring() takes 2 to 3 arguments, and gets 1" },
    { "if(true(), 1)", "if() takes 3 arguments, and gets 2" },
    { "true(1)", "true() takes no arguments, and gets 1" },
    { "toLower(1)", "toLower() takes a text as argument 1, and gets an integer" },
    { "add(1, `2`)", "add() takes an integer as argument 2, and gets a text" },
    { "add(1, json(`2.5`))", "gets a number with a fraction" },
    { "concat(createObject())", "concat() takes a text, an integer, a boolean or an array as argument 1, and gets an object" },
    { "concat(`a`, `b`, null())", "argument 3, and gets null" },
    { "concat(`a`, createArray())", "gets both" },
    { "concat(createArray(), `a`)", "gets both" },
    { "format(`{1}`, `a`)", "{1}|gets 1 values" },
    { "format(`{0:N}`, 1)", "nothing else with braces" },
    { "format(`{`)", "nothing else with braces" },
    { "format(`}`)", "nothing else with braces" },
    { "format(`{99999999999999999999}`, 1)", "braces" },
    { "replace(`a`, ``, `b`)", "not empty" },
    { "substring(`abc`, 4)", "position 4 of a text that has 3" },
    { "substring(`abc`, -1, 1)", "position -1" },
    { "substring(`abc`, 1, 3)", "3 characters" },
    { "substring(`abc`, 1, -1)", "-1 characters" },
    { "substring(`abc`, 9223372036854775807, 9223372036854775807)", "position 9223372036854775807" },
    { "split(`a`, ``)", "not empty" },
    { "split(`a`, createArray())", "1 to 16" },
    { "split(`a`, createArray(1))", "1 to 16" },
    { "join(createArray(createArray()), `,`)", "element 0 is an array" },
    { "int(`twelve`)", "int() takes a text that is an integer" },
    { "int(`99999999999999999999`)", "int()" },
    { "bool(`yes`)", "'true', 'false'" },
    { "json(`{`)", "json()" },
    { "json(`{\\\"a\\\": 1, \\\"A\\\": 2}`)", "twice" },
    { "base64ToString(`w6Q`)", "base64" },
    { "base64ToString(`AA==`)", "UTF-8" },
    { "base64ToString(`/w==`)", "UTF-8" },
    { "uri(`h/a`, `b`)", "with its scheme" },
    { "string(null())", "string()" },
    { "range(0, 10001)", "10000" },
    { "range(0, -1)", "range()" },
    { "range(9223372036854775807, 2)", "range()" },
    { "length(1)", "length() takes a text, an array or an object" },
    { "contains(`abc`, createArray())", "contains()" },
    { "createObject(`a`)", "in turn" },
    { "createObject(1, 2)", "in turn" },
    { "createObject(``, 2)", "in turn" },
    { "createObject(`a`, 1, `a`, 2)", "twice" },
    { "createObject(`a`, 1, `A`, 2)", "twice" },
    { "union(createArray(), createObject())", "gets both" },
    { "intersection(createArray(1))", "intersection() takes 2 to 16 arguments" },
    { "add(9223372036854775807, 1)", "too large|9223372036854775807" },
    { "sub(-9223372036854775807, 2)", "too large" },
    { "mul(9223372036854775807, 2)", "too large" },
    { "div(-9223372036854775808, -1)", "too large" },
    { "div(1, 0)", "0 as argument 2" },
    { "mod(1, 0)", "0 as argument 2" },
    { "min(createArray())", "not empty" },
    { "max(1, createArray(2))", "max() takes an integer as argument 2" },
    { "max(createArray(2), 1)", "one array" },
    { "max(createArray(2, `a`))", "integers" },
    { "if(1, 2, 3)", "if() takes a boolean as argument 1, and gets an integer" },
    { "if(true(), 1, nothing())", "no function 'nothing'" },
    { "and(true(), 1)", "argument 2" },
    { "less(1, `a`)", "one of each" },
    { "providers(`Microsoft.Network`)", "no namespace 'Microsoft.Network'" },
    { "providers(`Microsoft.Compute`, `disks`)", "no type of resources 'Microsoft.Compute/disks'" },
    { "subscription().tenantId", "member 'tenantId'|'id', 'subscriptionId'" },
    { "resourceId(`virtualNetworks`, `v`)", "NAMESPACE/TYPE" },
    { "resourceId(`a`, `b`, `c`, `Microsoft.Network/virtualNetworks`, `v`)", "NAMESPACE/TYPE" },
    { "resourceId(`Microsoft.Network/virtualNetworks`, `v`, `n`)", "names of 1 part, and here are 2" },
    { "resourceId(`Microsoft.Network/virtualNetworks/subnets`, `v`)", "names of 2 parts, and here are 1" },
    { "resourceId(`Microsoft.Network/virtualNetworks`, ``)", "no name of a resource" },
    { "resourceId(`Microsoft.Network/virtualNetworks`, `a/b`)", "no name of a resource" },
    { "resourceId(`Microsoft.Network//x`, `a`, `b`)", "no type" },
    { "reference(`x`)", "outputs only" },
    { "if(false(), reference(`x`).y, 1)", "outputs only" },
};
/* clang-format on */

static char *
quoted(const char *expression)
{
    return g_strdup_printf("'[%s]'", expression);
}

static void
test_values(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *expression = quoted(values[i].expression), *value = value_of("", expression, &error);
        if (error)
            g_error("%s: %s", values[i].expression, error->message);
        g_test_message("%s", values[i].expression);
        g_assert_cmpstr(value, ==, values[i].value);
    }
}

static void
test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *expression = quoted(refused[i].expression), *value = value_of("", expression, &error);
        g_test_message("%s", refused[i].expression);
        g_assert_null(value);
        assert_refused(error, "template.resources[0].properties.x", refused[i].words);
    }
}

/* At 2020-03-13T13:53:58.12345Z, as .NET writes it in the invariant culture. */
static void
test_formats_of_dates(void)
{
    /* clang-format off */
    static const struct {
        const char *format, *text; /* NULL: refused */
    } cases[] = {
        { "", "03/13/2020 13:53:58" }, { "d", "03/13/2020" }, { "D", "Friday, 13 March 2020" }, { "f", "Friday, 13 March 2020 13:53" },
        { "F", "Friday, 13 March 2020 13:53:58" }, { "g", "03/13/2020 13:53" }, { "G", "03/13/2020 13:53:58" }, { "M", "March 13" },
        { "m", "March 13" }, { "o", "2020-03-13T13:53:58.1234500Z" }, { "O", "2020-03-13T13:53:58.1234500Z" },
        { "R", "Fri, 13 Mar 2020 13:53:58 GMT" }, { "r", "Fri, 13 Mar 2020 13:53:58 GMT" }, { "s", "2020-03-13T13:53:58" },
        { "t", "13:53" }, { "T", "13:53:58" }, { "u", "2020-03-13 13:53:58Z" }, { "U", "Friday, 13 March 2020 13:53:58" },
        { "y", "2020 March" }, { "Y", "2020 March" }, { "M d", "3 13" }, { "%d", "13" }, { "ddd dddd", "Fri Friday" },
        { "MM MMM MMMM", "03 Mar March" }, { "y yy yyy yyyy yyyyy", "20 20 2020 2020 02020" }, { " yyyy", " 2020" },
        { "h hh H HH", "1 01 13 13" }, { "m mm s ss", "53 53 58 58" }, { "t tt", "P PM" }, { "f ff fff fffffff", "1 12 123 1234500" },
        { "s.FFFFFFF", "58.12345" }, { "s.F", "58.1" }, { "K zz zzz", "Z +00 +00:00" }, { "'at' HH\\h", "at 13h" },
        { "yyyy-MM-ddTHH:mm:ssZ", "2020-03-13T13:53:58Z" }, { "gg", "A.D." }, { "x", NULL }, { "fffffffff", NULL }, { "'at", NULL },
        { "dd\\", NULL }, { "yy%", NULL }, { "dd%%", NULL },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) text = json_of(TEMPLATE("'parameters': {'f': {'type': 'string'}, 'p': {'type': 'string', "
                                                  "'defaultValue': '[utcNow(parameters(`f`))]'}}, 'resources': []"));
        g_autoptr(json_t) sent = json_pack("{s:{s:s}}", "f", "value", cases[i].format);
        g_autoptr(Template) made = template_evaluate(text, sent, &test_scope, &error);
        g_test_message("%s", cases[i].format);
        if (cases[i].text)
            g_assert_cmpstr(json_string_value(json_path(made->parameters, "p.value")), ==, cases[i].text);
        else
            assert_refused(error, "template.parameters.p.defaultValue", "utcNow() takes a format as .NET has them");
    }
}

/* A second without a fraction has no point, and the clock with hands shows 12. */
static void
test_midnight(void)
{
    g_autofree char *value = value_of("", "'[dateTimeAdd(`2020-01-01`, `P1D`, `h t s.FFF`)]'", NULL);
    g_assert_cmpstr(value, ==, "'12 A 0'");
}

static void
test_new_guids(void)
{
    g_autoptr(Template) made = must_evaluate(
        TEMPLATE("'parameters': {'p': {'type': 'string', 'defaultValue': '[newGuid()]'}}, 'resources': []"), NULL);
    const char *guid = json_string_value(json_path(made->parameters, "p.value"));
    g_assert_true(g_uuid_string_is_valid(guid));
    g_assert_true(guid[14] == '4');
    g_assert_nonnull(strchr("89ab", guid[19]));
}

/* Parts that lie across the places where a long text is cut to be looked through. */
static void
test_a_long_text(void)
{
    static const guint places[] = { 4093, 4094, 4095, 4096, 4097, 8185 };
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *before = g_strnfill(places[i], 'a'), *behind = g_strnfill(5000, 'b');
        g_autofree char *expression =
            g_strdup_printf("'[length(split(replace(`%sxyz%s`, `xyz`, `--`), `--`)[0])]'", before, behind);
        g_autofree char *value = value_of("", expression, NULL), *expected = g_strdup_printf("%u", places[i]);
        g_assert_cmpstr(value, ==, expected);
    }
}

static void
test_tags_of_the_group(void)
{
    g_autoptr(json_t) text = json_of(
        TEMPLATE(RESOURCES(RESOURCE("a", "b", ", 'tags': '[resourceGroup().tags]', 'x': '[resourceGroup().tags.team]'"))));
    g_autoptr(json_t) tags = json_of("{'team': 'a'}");
    TemplateScope scope = test_scope;
    scope.group_tags = tags;
    g_autoptr(Template) made = template_evaluate(text, NULL, &scope, NULL);
    const TemplateResource *resource = g_ptr_array_index(made->resources, 0);
    g_autofree char *body = text_of(resource->body);
    g_assert_cmpstr(body, ==, "{'tags':{'team':'a'},'x':'a'}");
    /* The body is to be changed at will. */
    json_set_text(json_object_get(resource->body, "tags"), "team", "b");
    g_assert_cmpstr(json_member_text(tags, "team"), ==, "a");
}

/* A function that somebody adds is tried here, and stands in the page. */
static void
test_each_is_tried_and_described(void)
{
    static const char *const elsewhere[] = { "parameters", "variables", "reference", "copyIndex", "utcNow", "newGuid", NULL };
    g_auto(GStrv) names = template_functions();
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "docs", "templates.md", NULL), *page = NULL;
    g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
    for (char **name = names; *name; name++) {
        g_autofree char *call = g_strconcat(*name, "(", NULL), *code = g_strconcat("`", call, NULL);
        gboolean tried = g_strv_contains(elsewhere, *name);
        for (guint i = 0; i < G_N_ELEMENTS(values) && !tried; i++)
            tried = strstr(values[i].expression, call) != NULL;
        if (!tried)
            g_error("%s() has no value above", *name);
        if (!strstr(page, code))
            g_error("docs/templates.md does not have %s", code);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/functions/values", test_values);
    g_test_add_func("/template/functions/refused", test_refused);
    g_test_add_func("/template/functions/formats-of-dates", test_formats_of_dates);
    g_test_add_func("/template/functions/midnight", test_midnight);
    g_test_add_func("/template/functions/new-guids", test_new_guids);
    g_test_add_func("/template/functions/a-long-text", test_a_long_text);
    g_test_add_func("/template/functions/tags-of-the-group", test_tags_of_the_group);
    g_test_add_func("/template/functions/each-is-tried-and-described", test_each_is_tried_and_described);
    return g_test_run();
}
