/* tests/world/pristine.h: stores in memory that are used again: bringing one up costs as much as many a test that runs on it.
 */
#pragma once

#include "store/store.h"

/* As store_open(":memory:") with what `fill` puts there, which is asked once in a program and is always the same. */
Store *pristine_take(void (*fill)(Store *store));
/* In place of store_close(); no transaction of it is under way. */
void pristine_give_back(Store *store);
