/* model/property_checks.h: checks of single values that a type cannot express; each sets *error with target `path`. Pure. */
#pragma once

#include <glib.h>
#include <jansson.h>

gboolean check_tags(const json_t *value, const char *path, GError **error);
gboolean check_scale_in_rules(const json_t *value, const char *path, GError **error);
gboolean check_grace_period(const json_t *value, const char *path, GError **error);
gboolean check_notice_time(const json_t *value, const char *path, GError **error);
gboolean check_security_type(const json_t *value, const char *path, GError **error);
gboolean check_image_id(const json_t *value, const char *path, GError **error);
gboolean check_name_prefix(const json_t *value, const char *path, GError **error);
gboolean check_user_name(const json_t *value, const char *path, GError **error);
gboolean check_password(const json_t *value, const char *path, GError **error);
gboolean check_custom_data(const json_t *value, const char *path, GError **error);
gboolean check_ssh_path(const json_t *value, const char *path, GError **error);
gboolean check_ssh_key(const json_t *value, const char *path, GError **error);
gboolean check_extension_name(const json_t *value, const char *path, GError **error);
gboolean check_boot_diagnostics(const json_t *value, const char *path, GError **error);
