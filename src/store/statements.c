/* The table of SQL texts, and how one of them is run. */
#include "store/sqlite.h"

/* What stands before the text: nothing, or what follows from the row type's columns. */
typedef enum {
    SHAPE_PLAIN,
    SHAPE_SELECT, /* SELECT columns FROM table … */
    SHAPE_INSERT, /* INSERT INTO table (columns) VALUES (parameters) */
    SHAPE_ADD,    /* the same, and nothing where there is one of this key */
    SHAPE_REPLACE,
    SHAPE_UPDATE,      /* UPDATE table SET … WHERE key … */
    SHAPE_UPDATE_REST, /* the same without the columns that an index is of */
} Shape;

/* As the partial indexes have it; a test compares it with the enum's text. */
#define IN_PROGRESS    "status = 'InProgress'"
#define HAS_ENDED      "status <> 'InProgress'"
#define PLACES_OF(set) "place >= " set " << 32 AND place < (" set " + 1) << 32"
#define PLACES_OF_SET  PLACES_OF("?1")
#define THIS_MEMBER    " AND change = ?1 AND set_id = ?2 AND instance = ?3"
/* Of what is written down of one member's times down: fifty of them, about. */
#define DOWNS_SIZE "1000"
/* At ?4, of a change that started at ?5; nothing where it was not down. */
#define MEMBER_UP                                                                                                              \
    " down_since = 0, downs = CASE WHEN down_since = 0 OR length(downs) > " DOWNS_SIZE                                         \
    " THEN downs ELSE coalesce(downs || ',', '') || '[' || (down_since - ?5) || ',' || (?4 - down_since) || ']' END"
#define THIS_IMAGE "publisher = ? AND offer = ? AND sku = ?"
/* desire_base() of i, of set ?1; whom a rolling upgrade under way has taken is not to come once more. */
#define BASE_OF_INSTANCE                                                                                                       \
    "CASE WHEN i.operation IS NULL AND i.run_disk_gen > 0 AND i.revision > 0"                                                  \
    " AND i.roll NOT IN (SELECT id FROM rolls WHERE set_id = ?1 AND ended = 0)"                                                \
    " THEN i.revision ELSE i.want_revision END"

/* Some scale set has, or had, a model of the baseline's image and size; and one of these is what it makes instances from, or
 * what one of its instances is launched from, goes to or may be put back to. During a rolling upgrade any of them may be. */
#define MODELS_OF_BASELINE                                                                                                     \
    "SELECT 1 FROM models m JOIN sets s ON s.id = m.set_id WHERE m.image_urn = baselines.image_urn"                            \
    " AND m.size_vcpus = baselines.vcpus AND m.size_memory_mib = baselines.memory_mib"
#define NEEDS_BASELINE                                                                                                         \
    MODELS_OF_BASELINE                                                                                                         \
    " AND (s.revision = m.revision OR EXISTS (SELECT 1 FROM rolls r WHERE r.set_id = m.set_id AND r.ended = 0)"                \
    " OR EXISTS (SELECT 1 FROM instances i WHERE " PLACES_OF(                                                                  \
        "m.set_id") " AND (i.revision = m.revision OR i.want_revision = m.revision OR i.undo_revision = m.revision)))"

/* clang-format off: one statement or clause a line */
static const struct {
    Shape shape;
    const RowType *type;
    const char *text;
} texts[SQL_N] = {
    [SQL_BEGIN_READ] = { SHAPE_PLAIN, NULL, "BEGIN" },
    [SQL_BEGIN_WRITE] = { SHAPE_PLAIN, NULL, "BEGIN IMMEDIATE" },
    [SQL_COMMIT] = { SHAPE_PLAIN, NULL, "COMMIT" },
    [SQL_ROLLBACK] = { SHAPE_PLAIN, NULL, "ROLLBACK" },
    [SQL_COUNTER_GET] = { SHAPE_PLAIN, NULL, "SELECT counter FROM meta" },
    [SQL_COUNTER_SET] = { SHAPE_PLAIN, NULL, "UPDATE meta SET counter = ?" },

    [SQL_SETTING_GET] = { SHAPE_PLAIN, NULL, "SELECT value FROM settings WHERE name = ?" },
    [SQL_SETTING_SET] = { SHAPE_PLAIN, NULL,
                          "INSERT INTO settings (name, value) VALUES (?, ?)"
                          " ON CONFLICT (name) DO UPDATE SET value = excluded.value" },

    [SQL_GROUP_GET] = { SHAPE_SELECT, &group_rows, "WHERE name = ?" },
    [SQL_GROUP_LIST] = { SHAPE_SELECT, &group_rows, "ORDER BY name" },
    [SQL_GROUP_INSERT] = { SHAPE_INSERT, &group_rows, NULL },
    [SQL_GROUP_UPDATE] = { SHAPE_UPDATE, &group_rows, NULL },
    [SQL_GROUP_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM groups WHERE name = ?" },

    [SQL_SET_GET] = { SHAPE_SELECT, &set_rows, "WHERE \"group\" = ? AND name = ?" },
    [SQL_SET_GET_BY_ID] = { SHAPE_SELECT, &set_rows, "WHERE id = ?" },
    [SQL_SET_GET_BY_UID] = { SHAPE_SELECT, &set_rows, "WHERE uid = ?" },
    [SQL_SET_LIST] = { SHAPE_SELECT, &set_rows, "ORDER BY \"group\", name" },
    [SQL_SET_LIST_GROUP] = { SHAPE_SELECT, &set_rows, "WHERE \"group\" = ? ORDER BY name" },
    [SQL_SET_CHANGED] = { SHAPE_PLAIN, NULL, "SELECT id FROM sets WHERE etag > ? ORDER BY etag" },
    [SQL_SET_INSERT] = { SHAPE_INSERT, &set_rows, NULL },
    [SQL_SET_UPDATE] = { SHAPE_UPDATE, &set_rows, NULL },
    [SQL_SET_ETAG] = { SHAPE_PLAIN, NULL, "SELECT etag FROM sets WHERE id = ?" },
    [SQL_SET_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM sets WHERE id = ?" },

    [SQL_MODEL_GET] = { SHAPE_SELECT, &model_rows, "WHERE set_id = ? AND revision = ?" },
    [SQL_MODEL_LIST] = { SHAPE_SELECT, &model_rows, "WHERE set_id = ? ORDER BY revision DESC" },
    [SQL_MODEL_STANDING] = { SHAPE_SELECT, &model_rows,
                             "WHERE set_id = ?1 AND since <= ?2 AND revision >= ?2 ORDER BY revision DESC LIMIT 1" },
    [SQL_MODEL_LIST_STANDING] = { SHAPE_SELECT, &model_rows,
                                  "WHERE set_id = ?1 AND revision IN"
                                  " (SELECT max(revision) FROM models WHERE set_id = ?1 GROUP BY since)"
                                  " ORDER BY revision DESC" },
    [SQL_MODEL_INSERT] = { SHAPE_INSERT, &model_rows, NULL },
    [SQL_MODEL_ALIKE] = { SHAPE_PLAIN, NULL,
                          "SELECT max(b.revision) FROM models a JOIN models b ON b.set_id = a.set_id"
                          " AND b.effect_key = a.effect_key WHERE a.set_id = ? AND a.revision = ?" },
    [SQL_MODEL_PRUNE] = { SHAPE_PLAIN, NULL,
                          "DELETE FROM models WHERE set_id = ?1"
                          " AND revision NOT IN"
                          " (SELECT revision FROM models WHERE set_id = ?1 ORDER BY revision DESC LIMIT ?2)"
                          " AND revision NOT IN (SELECT max(revision) FROM models WHERE set_id = ?1"
                          "  GROUP BY since ORDER BY since DESC LIMIT ?2)"
                          " AND revision <> (SELECT revision FROM sets WHERE id = ?1)"
                          " AND revision NOT IN (SELECT revision FROM instances WHERE " PLACES_OF_SET ")"
                          " AND revision NOT IN (SELECT want_revision FROM instances WHERE set_id = ?1)"
                          " AND revision NOT IN (SELECT undo_revision FROM instances WHERE " PLACES_OF_SET ")" },

    [SQL_INSTANCE_GET] = { SHAPE_SELECT, &instance_rows, "WHERE place = " PLACE_OF_KEY },
    [SQL_INSTANCE_LIST] = { SHAPE_SELECT, &instance_rows, "WHERE " PLACES_OF_SET " ORDER BY place" },
    [SQL_INSTANCE_PAGE] = { SHAPE_SELECT, &instance_rows,
                            "WHERE place > " PLACE_OF_KEY " AND place < (?1 + 1) << 32 ORDER BY place LIMIT ?3" },
    [SQL_INSTANCE_UNDOABLE] = { SHAPE_PLAIN, NULL,
                                "SELECT set_id, id FROM instances WHERE " PLACES_OF_SET " AND undo_revision <> 0" },
    [SQL_INSTANCE_CHANGED] = { SHAPE_PLAIN, NULL, "SELECT set_id, id FROM instances WHERE touched > ? ORDER BY touched" },
    [SQL_INSTANCE_INSERT] = { SHAPE_INSERT, &instance_rows, NULL },
    [SQL_INSTANCE_UPDATE] = { SHAPE_UPDATE, &instance_rows, NULL },
    [SQL_INSTANCE_UPDATE_STEP] = { SHAPE_UPDATE_REST, &instance_rows, NULL },
    [SQL_INSTANCE_ETAG] = { SHAPE_PLAIN, NULL, "SELECT etag FROM instances WHERE place = " PLACE_OF_KEY },
    [SQL_INSTANCE_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM instances WHERE place = " PLACE_OF_KEY },
    [SQL_INSTANCE_ETAGS] = { SHAPE_PLAIN, NULL, "SELECT id, etag FROM instances WHERE " PLACES_OF_SET " ORDER BY place" },
    /* Row by row: grouping would sort them. */
    [SQL_INSTANCE_COUNT] = { SHAPE_PLAIN, NULL,
                             "SELECT state, operation IS NOT NULL, terminate_at > 0 AND state <> 'deleting', revision IN"
                             " (SELECT m.revision FROM sets s JOIN models m ON m.set_id = s.id"
                             "  AND m.effect_key = s.effect_key WHERE s.id = ?1),"
                             " CASE WHEN out_of_health <> 0 THEN 'unhealthy' WHEN health_since <> 0 THEN health END"
                             " FROM instances WHERE " PLACES_OF_SET },
    [SQL_INSTANCE_OUTDATED] = { SHAPE_PLAIN, NULL,
                                "SELECT count(*), sum(i.want_power = 'running') FROM instances i"
                                " JOIN sets s ON s.id = i.set_id"
                                " JOIN models m ON m.set_id = i.set_id AND m.revision = " BASE_OF_INSTANCE
                                " WHERE i.set_id = ?1 AND i.want_deleted = 0 AND i.protect_scale_set_actions = 0"
                                " AND i.quarantined = 0"
                                " AND m.effect_key <> s.effect_key" },
    [SQL_USAGE_CORES] = { SHAPE_PLAIN, NULL,
                          "SELECT m.size_family, sum(m.size_vcpus * g.n), sum(g.n) FROM"
                          " (SELECT set_id, want_revision, count(*) AS n"
                          "  FROM instances WHERE want_deleted = 0 AND set_id <> ?1 GROUP BY 1, 2"
                          "  UNION ALL SELECT set_id, want_revision, -count(*) FROM instances"
                          "  WHERE quarantined <> 0 AND replaced <> 0 AND want_deleted = 0 AND set_id <> ?1 GROUP BY 1, 2) g"
                          " JOIN models m ON m.set_id = g.set_id AND m.revision = g.want_revision"
                          " GROUP BY m.size_family COLLATE NOCASE ORDER BY 1" },
    /* Only where something is under way is an instance of more than one revision: what it runs, and what it may go back to. */
    [SQL_USAGE_KEPT] = { SHAPE_PLAIN, NULL,
                         "SELECT w.size_family, w.size_vcpus, r.size_family, r.size_vcpus, u.size_family, u.size_vcpus, g.n "
                         "FROM"
                         " (SELECT i.set_id, i.want_revision, i.revision, i.undo_revision, count(*) AS n FROM"
                         "  (SELECT set_id FROM rolls WHERE ended = 0 UNION SELECT set_id FROM operations WHERE " IN_PROGRESS
                         ") b"
                         "  JOIN instances i ON " PLACES_OF(
                             "b.set_id") "  WHERE b.set_id <> ? AND i.want_deleted = 0 AND i.replaced = 0"
                                         "  AND (i.undo_revision NOT IN (0, i.want_revision) OR i.revision NOT IN (0, "
                                         "i.want_revision)) GROUP BY 1, 2, 3, 4) g"
                                         " JOIN models w ON w.set_id = g.set_id AND w.revision = g.want_revision"
                                         " LEFT JOIN models r ON r.set_id = g.set_id AND r.revision = g.revision"
                                         " LEFT JOIN models u ON u.set_id = g.set_id AND u.revision = g.undo_revision" },
    [SQL_USAGE_SETS] = { SHAPE_PLAIN, NULL, "SELECT count(*) FROM sets WHERE id <> ?" },

    [SQL_OPERATION_GET] = { SHAPE_SELECT, &operation_rows, "WHERE id = ?" },
    [SQL_OPERATION_INSERT] = { SHAPE_INSERT, &operation_rows, NULL },
    [SQL_OPERATION_UPDATE] = { SHAPE_UPDATE, &operation_rows, NULL },
    [SQL_OPERATION_IN_PROGRESS] = { SHAPE_SELECT, &operation_rows, "WHERE " IN_PROGRESS " ORDER BY started, id" },
    [SQL_OPERATION_IN_PROGRESS_SET] = { SHAPE_SELECT, &operation_rows,
                                        "WHERE set_id = ? AND " IN_PROGRESS " ORDER BY started, id" },
    [SQL_OPERATION_PRUNE] = { SHAPE_PLAIN, NULL,
                              "DELETE FROM operations WHERE ended < ? AND " HAS_ENDED
                              " AND NOT EXISTS (SELECT 1 FROM deployment_parts p WHERE p.operation = operations.id)" },

    [SQL_ROLL_ACTIVE] = { SHAPE_SELECT, &roll_rows, "WHERE set_id = ? AND ended = 0" },
    [SQL_ROLL_LATEST] = { SHAPE_SELECT, &roll_rows, "WHERE set_id = ? ORDER BY id DESC LIMIT 1" },
    [SQL_ROLL_LIST] = { SHAPE_SELECT, &roll_rows, "WHERE set_id = ? ORDER BY id DESC" },
    [SQL_ROLL_INSERT] = { SHAPE_INSERT, &roll_rows, NULL },
    [SQL_ROLL_UPDATE] = { SHAPE_UPDATE, &roll_rows, NULL },
    [SQL_ROLL_PRUNE] = { SHAPE_PLAIN, NULL,
                         "DELETE FROM rolls WHERE set_id = ?1 AND ended > 0 AND id NOT IN"
                         " (SELECT id FROM rolls WHERE set_id = ?1 AND ended > 0 ORDER BY id DESC LIMIT ?2)" },
    [SQL_ROLL_COUNT] = { SHAPE_PLAIN, NULL, "SELECT roll_mark FROM instances WHERE " PLACES_OF_SET " AND roll = ?2" },

    [SQL_EVENT_INSERT] = { SHAPE_INSERT, &event_rows, NULL },
    [SQL_EVENT_LIST] = { SHAPE_SELECT, &event_rows, "WHERE id < ?1 ORDER BY id DESC LIMIT ?2" },
    /* What lies below a resource: its id, then '/'. */
    [SQL_EVENT_LIST_RESOURCE] = { SHAPE_SELECT, &event_rows,
                                  "WHERE id < ?1 AND (resource_id = ?3"
                                  " OR substr(resource_id, 1, length(?3) + 1) = ?3 || '/' COLLATE NOCASE)"
                                  " ORDER BY id DESC LIMIT ?2" },
    [SQL_EVENT_PRUNE] = { SHAPE_PLAIN, NULL, "DELETE FROM events WHERE time < ?" },

    [SQL_IMAGE_GET] = { SHAPE_SELECT, &image_rows, "WHERE " THIS_IMAGE " AND version = ?" },
    [SQL_IMAGE_LIST] = { SHAPE_SELECT, &image_rows, "ORDER BY publisher, offer, sku" },
    [SQL_IMAGE_VERSIONS] = { SHAPE_SELECT, &image_rows, "WHERE " THIS_IMAGE },
    [SQL_IMAGE_INSERT] = { SHAPE_INSERT, &image_rows, NULL },
    [SQL_IMAGE_BOOT_CHAIN] = { SHAPE_PLAIN, NULL, "UPDATE images SET boot_chain = ? WHERE " THIS_IMAGE " AND version = ?" },
    [SQL_IMAGE_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM images WHERE " THIS_IMAGE " AND version = ?" },
    [SQL_IMAGE_USES] = { SHAPE_PLAIN, NULL,
                         "SELECT count(*) FROM models m JOIN sets s ON s.id = m.set_id"
                         " WHERE m.image_urn = ? AND (m.revision = s.revision"
                         " OR m.revision IN (SELECT i.revision FROM instances i WHERE " PLACES_OF(
                             "m.set_id") ")"
                                         " OR m.revision IN (SELECT i.want_revision FROM instances i WHERE i.set_id = m.set_id)"
                                         " OR m.revision IN (SELECT i.undo_revision FROM instances i WHERE i.set_id = "
                                         "m.set_id))" },

    [SQL_DISK_GET] = { SHAPE_SELECT, &disk_rows, "WHERE id = ?" },
    [SQL_DISK_LIST] = { SHAPE_SELECT, &disk_rows, "ORDER BY \"group\", set_name, instance, lun, id" },
    /* 0 stands for no set, and such rows have no holder. */
    [SQL_DISK_LIST_SET] = { SHAPE_SELECT, &disk_rows, "WHERE set_id = ? AND set_id <> 0 ORDER BY instance, lun" },
    [SQL_DISK_LIST_INSTANCE] = { SHAPE_SELECT, &disk_rows, "WHERE set_id = ? AND instance = ? ORDER BY lun" },
    [SQL_DISK_PUT] = { SHAPE_REPLACE, &disk_rows, NULL },
    [SQL_DISK_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM disks WHERE id = ?" },

    [SQL_VTPM_GET] = { SHAPE_SELECT, &vtpm_rows, "WHERE set_id = ? AND instance = ?" },
    [SQL_VTPM_LIST] = { SHAPE_SELECT, &vtpm_rows, "WHERE set_id = ? ORDER BY instance" },
    [SQL_VTPM_OF_KEY] = { SHAPE_SELECT, &vtpm_rows, "WHERE ek = ? ORDER BY set_id, instance" },
    [SQL_VTPM_PUT] = { SHAPE_REPLACE, &vtpm_rows, NULL },
    [SQL_UPGRADE_LIST_OPEN] = { SHAPE_SELECT, &upgrade_rows, "WHERE closed = 0 ORDER BY id" },
    [SQL_UPGRADE_LIST] = { SHAPE_SELECT, &upgrade_rows, "WHERE resource = ? ORDER BY id DESC" },
    [SQL_UPGRADE_GET] = { SHAPE_SELECT, &upgrade_rows, "WHERE name = ?" },
    [SQL_UPGRADE_OF_OPERATION] = { SHAPE_SELECT, &upgrade_rows, "WHERE operation = ?" },
    [SQL_UPGRADE_INSERT] = { SHAPE_INSERT, &upgrade_rows, NULL },
    [SQL_UPGRADE_UPDATE] = { SHAPE_PLAIN, NULL,
                             "UPDATE upgrades SET target = ?2, back = ?3, ended = ?4, closed = ?5 WHERE id = ?1" },
    [SQL_UPGRADE_PRUNE] = { SHAPE_PLAIN, NULL,
                            "DELETE FROM upgrades WHERE resource = ?1 AND id NOT IN"
                            " (SELECT id FROM upgrades WHERE resource = ?1 ORDER BY id DESC LIMIT ?2)" },
    [SQL_UPGRADE_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM upgrades WHERE id = ?" },
    [SQL_UPGRADE_MEMBERS] = { SHAPE_SELECT, &upgrade_member_rows,
                              "WHERE change = ? AND set_id = ? AND instance >= ? ORDER BY instance LIMIT ?" },
    [SQL_UPGRADE_MEMBER_DOWN] = { SHAPE_PLAIN, NULL,
                                  "UPDATE upgrade_members SET down_since = ?4 WHERE down_since = 0" THIS_MEMBER },
    [SQL_UPGRADE_MEMBER_UP] = { SHAPE_PLAIN, NULL,
                                "UPDATE upgrade_members SET" MEMBER_UP " WHERE down_since <> 0" THIS_MEMBER },
    [SQL_UPGRADE_MEMBER_GONE] = { SHAPE_PLAIN, NULL,
                                  "UPDATE upgrade_members SET gone = ?4," MEMBER_UP " WHERE gone = 0" THIS_MEMBER },
    [SQL_UPGRADE_UNSETTLED] = { SHAPE_PLAIN, NULL,
                                "SELECT instance FROM upgrade_members m JOIN instances i ON"
                                " i.place = m.set_id << 32 | m.instance"
                                " WHERE change = ?1 AND m.set_id = ?2 AND instance >= ?3 AND"
                                " (i.want_deleted OR i.operation IS NOT NULL OR i.revive_at <> 0 OR"
                                " (i.want_power = ?4 AND i.state <> ?5 AND i.quarantined = 0 AND"
                                " (down_since <> 0 OR i.integrity = ?6)))"
                                " ORDER BY instance LIMIT 1" },
    [SQL_UPGRADE_MEMBER_ADD] = { SHAPE_ADD, &upgrade_member_rows, NULL },
    [SQL_UPGRADE_MEMBERS_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM upgrade_members WHERE change = ?" },
    [SQL_UPGRADE_WHATS] = { SHAPE_SELECT, &upgrade_what_rows, "WHERE change = ? ORDER BY number" },
    [SQL_UPGRADE_WHAT_ADD] = { SHAPE_INSERT, &upgrade_what_rows, NULL },
    [SQL_UPGRADE_RECORD] = { SHAPE_SELECT, &upgrade_record_rows, "WHERE change = ?" },
    [SQL_UPGRADE_RECORD_ADD] = { SHAPE_INSERT, &upgrade_record_rows, NULL },
    [SQL_UPGRADE_WHATS_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM upgrade_whats WHERE change = ?" },
    [SQL_ASSESSMENT_GET] = { SHAPE_SELECT, &assessment_rows, "WHERE set_id = ? AND instance = ?" },
    [SQL_ASSESSMENT_PUT] = { SHAPE_REPLACE, &assessment_rows, NULL },

    [SQL_ATTESTATION_LIST] = { SHAPE_SELECT, &attestation_rows, "WHERE set_id = ? AND instance = ? ORDER BY id DESC LIMIT ?" },
    [SQL_ATTESTATION_INSERT] = { SHAPE_INSERT, &attestation_rows, NULL },
    [SQL_ATTESTATION_PRUNE] = { SHAPE_PLAIN, NULL,
                                "DELETE FROM attestations WHERE set_id = ?1 AND instance = ?2 AND id NOT IN"
                                " (SELECT id FROM attestations WHERE set_id = ?1 AND instance = ?2"
                                "  ORDER BY id DESC LIMIT ?3)" },
    /* Of those that are there still, as many are kept as above says, however old. */
    [SQL_ATTESTATION_FORGET] = { SHAPE_PLAIN, NULL,
                                 "DELETE FROM attestations WHERE at < ? AND NOT EXISTS (SELECT 1 FROM vtpms v"
                                 " WHERE v.set_id = attestations.set_id AND v.instance = attestations.instance)" },
    [SQL_LOG_GET] = { SHAPE_SELECT, &log_rows, "WHERE digest = ?" },
    [SQL_LOG_INSERT] = { SHAPE_PLAIN, NULL, "INSERT OR IGNORE INTO logs (digest, bytes) VALUES (?, ?)" },
    [SQL_LOG_PRUNE] = { SHAPE_PLAIN, NULL,
                        "DELETE FROM logs WHERE digest NOT IN (SELECT log FROM attestations WHERE log IS NOT NULL)"
                        " AND digest NOT IN (SELECT log FROM baselines)" },
    [SQL_ALERT_GET] = { SHAPE_SELECT, &alert_rows, "WHERE name = ?" },
    [SQL_ALERT_GET_BY_ID] = { SHAPE_SELECT, &alert_rows, "WHERE id = ?" },
    [SQL_ALERT_LIST] = { SHAPE_SELECT, &alert_rows, "WHERE id < ?1 ORDER BY id DESC LIMIT ?2" },
    [SQL_ALERT_LIST_GROUP] = { SHAPE_SELECT, &alert_rows,
                               "WHERE id < ?1 AND instr(lower(resource), lower(?3)) > 0 ORDER BY id DESC LIMIT ?2" },
    [SQL_ALERT_LIST_OPEN] = { SHAPE_SELECT, &alert_rows, "WHERE set_id = ? AND instance = ? AND open <> 0 ORDER BY id" },
    [SQL_ALERT_LIST_TOLD] = { SHAPE_SELECT, &alert_rows, "WHERE open <> 0 AND status IN ('Active', 'InProgress') ORDER BY id" },
    [SQL_ALERT_LIST_SUPPRESSED] = { SHAPE_SELECT, &alert_rows, "WHERE open <> 0 AND suppressed_by IS NOT NULL ORDER BY id" },
    [SQL_ALERT_INSERT] = { SHAPE_INSERT, &alert_rows, NULL },
    [SQL_ALERT_UPDATE] = { SHAPE_PLAIN, NULL,
                           "UPDATE alerts SET status = ?2, open = ?3, message = ?4, seen = ?5, changed = ?6, changed_by = ?7,"
                           " suppressed_by = ?8 WHERE id = ?1" },
    [SQL_ALERT_PRUNE] = { SHAPE_PLAIN, NULL, "DELETE FROM alerts WHERE open = 0 AND seen < ?1 AND changed < ?1" },
    [SQL_DELIVERY_INSERT] = { SHAPE_INSERT, &delivery_rows, NULL },
    [SQL_DELIVERY_NEXT] = { SHAPE_SELECT, &delivery_rows, "ORDER BY id LIMIT 1" },
    [SQL_DELIVERY_UPDATE] = { SHAPE_PLAIN, NULL, "UPDATE deliveries SET tries = ?2, due = ?3 WHERE id = ?1" },
    [SQL_DELIVERY_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM deliveries WHERE id = ?" },
    [SQL_SUPPRESSION_GET] = { SHAPE_SELECT, &suppression_rows, "WHERE name = ?" },
    [SQL_SUPPRESSION_LIST] = { SHAPE_SELECT, &suppression_rows, "ORDER BY name" },
    [SQL_SUPPRESSION_PUT] = { SHAPE_REPLACE, &suppression_rows, NULL },
    [SQL_SUPPRESSION_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM suppressions WHERE name = ?" },
    [SQL_SESSION_LIST] = { SHAPE_SELECT, &session_rows, "ORDER BY created" },
    [SQL_SESSION_INSERT] = { SHAPE_INSERT, &session_rows, NULL },
    [SQL_SESSION_USE] = { SHAPE_PLAIN, NULL, "UPDATE sessions SET used = ?2 WHERE hash = ?1" },
    [SQL_SESSION_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM sessions WHERE hash = ?" },

    [SQL_DEPLOYMENT_GET] = { SHAPE_SELECT, &deployment_rows, "WHERE \"group\" = ? AND name = ?" },
    [SQL_DEPLOYMENT_LIST] = { SHAPE_SELECT, &deployment_head_rows, "WHERE \"group\" = ? ORDER BY created DESC, name" },
    [SQL_DEPLOYMENT_PUT] = { SHAPE_REPLACE, &deployment_rows, NULL },
    [SQL_DEPLOYMENT_PRUNE] = { SHAPE_PLAIN, NULL,
                               "DELETE FROM deployments WHERE id IN (SELECT id FROM deployments WHERE \"group\" = ?1"
                               " ORDER BY created DESC, name LIMIT -1 OFFSET ?2) AND id <> ?3 AND NOT EXISTS"
                               " (SELECT 1 FROM deployment_parts p JOIN operations o ON o.id = p.operation"
                               " WHERE p.deployment = deployments.id AND o." IN_PROGRESS ")" },
    [SQL_DEPLOYMENT_OUTPUTS] = { SHAPE_PLAIN, NULL, "UPDATE deployments SET outputs = ?2 WHERE id = ?1" },
    [SQL_DEPLOYMENT_DELETE] = { SHAPE_PLAIN, NULL, "DELETE FROM deployments WHERE \"group\" = ? AND name = ?" },
    [SQL_DEPLOYMENT_PART_INSERT] = { SHAPE_INSERT, &deployment_part_rows, NULL },
    [SQL_DEPLOYMENT_PARTS] = { SHAPE_SELECT, &deployment_part_rows, "WHERE deployment = ? ORDER BY place" },
    [SQL_COMPONENTS_GET] = { SHAPE_SELECT, &components_rows, "WHERE image_urn = ?" },
    [SQL_COMPONENTS_PUT] = { SHAPE_REPLACE, &components_rows, NULL },
    [SQL_BASELINE_GET] = { SHAPE_SELECT, &baseline_rows, "WHERE id = ?" },
    [SQL_BASELINE_LIST] = { SHAPE_SELECT, &baseline_rows, "ORDER BY image_urn, id" },
    [SQL_BASELINE_LIST_IMAGE] = { SHAPE_SELECT, &baseline_rows, "WHERE image_urn = ? AND withdrawn = 0 ORDER BY id DESC" },
    [SQL_BASELINE_LIST_SUPERSEDED] = { SHAPE_SELECT, &baseline_rows,
                                       "WHERE image_urn = ? AND vcpus = ? AND memory_mib = ? AND superseded ORDER BY id" },
    [SQL_BASELINE_INSERT] = { SHAPE_INSERT, &baseline_rows, NULL },
    [SQL_BASELINE_WITHDRAW] = { SHAPE_PLAIN, NULL,
                                "UPDATE baselines SET withdrawn = ?2, withdrawn_by = ?3, superseded = ?4"
                                " WHERE id = ?1 AND (withdrawn = 0 OR superseded)" },
    [SQL_BASELINE_RESTORE] = { SHAPE_PLAIN, NULL,
                               "UPDATE baselines SET withdrawn = 0, withdrawn_by = NULL, superseded = 0"
                               " WHERE id = ? AND superseded" },
    [SQL_BASELINE_LIST_UNNEEDED] = { SHAPE_SELECT, &baseline_rows,
                                     "WHERE withdrawn = 0 AND EXISTS (" MODELS_OF_BASELINE ") AND NOT EXISTS (" NEEDS_BASELINE
                                     ") ORDER BY id" },
    [SQL_BASELINE_LIST_AGAIN] = { SHAPE_SELECT, &baseline_rows,
                                  "WHERE superseded AND EXISTS (" NEEDS_BASELINE ") ORDER BY id" },
};
/* clang-format on */

const RowType *
sql_row_type(Sql id)
{
    g_assert(texts[id].type);
    return texts[id].type;
}

static char *
text_build(Sql id)
{
    const RowType *type = texts[id].type;
    g_autofree char *columns = type ? row_column_list(type) : NULL;
    switch (texts[id].shape) {
    case SHAPE_PLAIN:
        return g_strdup(texts[id].text);
    case SHAPE_SELECT:
        return g_strdup_printf("SELECT %s FROM %s %s", columns, type->table, texts[id].text);
    case SHAPE_INSERT:
    case SHAPE_ADD:
    case SHAPE_REPLACE: {
        const char *verb = texts[id].shape == SHAPE_INSERT ? "INSERT"
                           : texts[id].shape == SHAPE_ADD  ? "INSERT OR IGNORE"
                                                           : "REPLACE";
        g_autofree char *names = row_insert_columns(type), *values = row_insert_list(type);
        return g_strdup_printf("%s INTO %s (%s) VALUES (%s)", verb, type->table, names, values);
    }
    case SHAPE_UPDATE:
    case SHAPE_UPDATE_REST: {
        g_autofree char *assignments = row_update_list(type, texts[id].shape == SHAPE_UPDATE);
        g_autofree char *match = row_key_match(type);
        return g_strdup_printf("UPDATE %s SET %s WHERE %s", type->table, assignments, match);
    }
    }
    g_assert_not_reached();
}

static gboolean
bytes_bind(sqlite3_stmt *statement, int index, GBytes *bytes)
{
    gsize size = 0;
    const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    return sqlite3_bind_blob64(statement, index, data, size, SQLITE_STATIC) == SQLITE_OK;
}

static gboolean
params_bind(sqlite3_stmt *statement, const Param *params)
{
    int n = 0;
    for (; params[n].type != PARAM_END; n++) {
        if (params[n].type == PARAM_NUMBER)
            sqlite3_bind_int64(statement, n + 1, params[n].number);
        else if (params[n].type == PARAM_BYTES && !bytes_bind(statement, n + 1, params[n].bytes))
            return FALSE;
        else if (params[n].type == PARAM_TEXT &&
                 sqlite3_bind_text(statement, n + 1, params[n].text, -1, SQLITE_STATIC) != SQLITE_OK)
            return FALSE;
    }
    return TRUE;
}

sqlite3_stmt *
sql_prepare(StoreTx *tx, Sql id, const Param *params, GError **error)
{
    Connection *connection = tx->connection;
    sqlite3_stmt **statement = &connection->statements[id];
    if (tx->writes && id != SQL_BEGIN_WRITE && sqlite3_get_autocommit(connection->db)) {
        /* A full disk makes SQLite roll back on its own; what came next would be kept alone. */
        arm_fail(error, ARM_INTERNAL, NULL, "The store took this transaction back after an earlier failure.");
        return NULL;
    }
    if (!*statement) {
        g_autofree char *text = text_build(id);
        if (sqlite3_prepare_v3(connection->db, text, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
            sql_fail(error, connection, "prepare a statement");
            return NULL;
        }
    }
    sqlite3_reset(*statement);
    if (params_bind(*statement, params))
        return *statement;
    sql_fail(error, connection, "bind a value");
    return NULL;
}

int
sql_step(StoreTx *tx, sqlite3_stmt *statement, GError **error)
{
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        sql_fail(error, tx->connection, tx->writes ? "write" : "read");
    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? 0 : -1;
}

gboolean
sql_run(StoreTx *tx, Sql id, const Param *params, int *ret_changes, GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, id, params, error);
    int rc = statement ? sql_step(tx, statement, error) : -1;
    if (rc < 0)
        return FALSE;
    if (rc > 0)
        sqlite3_reset(statement);
    if (ret_changes)
        *ret_changes = sqlite3_changes(tx->connection->db);
    return TRUE;
}

gboolean
sql_delete(StoreTx *tx, Sql id, const Param *params, GError **error)
{
    int removed;
    if (!sql_run(tx, id, params, &removed, error))
        return FALSE;
    if (removed)
        tx_next_etag(tx);
    return TRUE;
}

gboolean
sql_number(StoreTx *tx, Sql id, const Param *params, gint64 *ret_number, gboolean *ret_found, GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, id, params, error);
    int rc = statement ? sql_step(tx, statement, error) : -1;
    if (rc < 0)
        return FALSE;
    *ret_number = rc > 0 ? sqlite3_column_int64(statement, 0) : 0;
    *ret_found = rc > 0;
    if (rc > 0)
        sqlite3_reset(statement);
    return TRUE;
}
