/* api/login.h: where clients of Azure sign in. */
#pragma once

/* Clients take an authority of this name for one of AD FS, and ask nobody else about it. */
#define PATH_AUTHORITY "/adfs"
#define PATH_TOKEN     PATH_AUTHORITY "/oauth2/token"
