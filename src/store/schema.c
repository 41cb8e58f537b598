/* The schema, as numbered steps. */
#include "store/sqlite.h"

/* Step i brings a file of version i to i + 1. A step that was released is never changed: what comes
 * later is a step of its own. In each table what is read most stands first, and the model's
 * document, which fills pages of its own, last. */
const char *const schema_steps[] = {
    "CREATE TABLE meta (counter INTEGER NOT NULL);"
    "INSERT INTO meta VALUES (0);"

    "CREATE TABLE settings (name TEXT PRIMARY KEY COLLATE NOCASE, value TEXT NOT NULL) WITHOUT "
    "ROWID;"

    "CREATE TABLE groups ("
    "  name TEXT PRIMARY KEY COLLATE NOCASE, location TEXT NOT NULL, tags TEXT, etag INTEGER NOT "
    "NULL,"
    "  deleting INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE sets ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    "  \"group\" TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL COLLATE NOCASE, location TEXT "
    "NOT NULL,"
    "  etag INTEGER NOT NULL, revision INTEGER NOT NULL, effect_key TEXT NOT NULL,"
    "  next_instance INTEGER NOT NULL, capacity INTEGER NOT NULL, deleting INTEGER NOT NULL,"
    "  operation TEXT, state TEXT NOT NULL, created INTEGER NOT NULL, UNIQUE (\"group\", name));"

    "CREATE TABLE models ("
    "  set_id INTEGER NOT NULL REFERENCES sets (id) ON DELETE CASCADE, revision INTEGER NOT NULL,"
    "  effect_key TEXT NOT NULL, size_name TEXT NOT NULL, size_family TEXT NOT NULL,"
    "  size_vcpus INTEGER NOT NULL, size_memory_mib INTEGER NOT NULL,"
    "  image_urn TEXT NOT NULL COLLATE NOCASE, created INTEGER NOT NULL, document TEXT NOT NULL,"
    "  PRIMARY KEY (set_id, revision)) WITHOUT ROWID;"
    "CREATE INDEX models_by_image ON models (image_urn);"

    "CREATE TABLE instances ("
    "  set_id INTEGER NOT NULL REFERENCES sets (id) ON DELETE CASCADE, id INTEGER NOT NULL,"
    "  etag INTEGER NOT NULL, vm_id TEXT NOT NULL, computer_name TEXT NOT NULL, created INTEGER "
    "NOT NULL,"
    "  want_revision INTEGER NOT NULL, want_power TEXT NOT NULL, want_epoch INTEGER NOT NULL,"
    "  disk_gen INTEGER NOT NULL, vars_gen INTEGER NOT NULL, vtpm_gen INTEGER NOT NULL,"
    "  data_gen INTEGER NOT NULL, want_deleted INTEGER NOT NULL, skip_shutdown INTEGER NOT NULL,"
    "  protect_scale_in INTEGER NOT NULL, protect_scale_set_actions INTEGER NOT NULL, tags TEXT,"
    "  revision INTEGER NOT NULL, epoch INTEGER NOT NULL, state TEXT NOT NULL, alive INTEGER NOT "
    "NULL,"
    "  agent INTEGER NOT NULL, failure INTEGER NOT NULL, failure_message TEXT, warning TEXT,"
    "  state_since INTEGER NOT NULL, run_disk_gen INTEGER NOT NULL, run_vars_gen INTEGER NOT NULL,"
    "  run_vtpm_gen INTEGER NOT NULL, run_data_gen INTEGER NOT NULL, operation TEXT,"
    "  deadline INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;"
    "CREATE INDEX instances_by_etag ON instances (etag);"
    "CREATE INDEX instances_by_state ON instances (set_id, revision, state, operation);"
    "CREATE INDEX instances_by_want ON instances (set_id, want_revision, want_deleted);"

    "CREATE TABLE operations ("
    "  id TEXT PRIMARY KEY COLLATE NOCASE, kind TEXT NOT NULL, resource_id TEXT NOT NULL,"
    "  set_id INTEGER NOT NULL, location TEXT NOT NULL, status TEXT NOT NULL, code TEXT, message "
    "TEXT,"
    "  details TEXT, output TEXT, started INTEGER NOT NULL, ended INTEGER NOT NULL,"
    "  total INTEGER NOT NULL, pending INTEGER NOT NULL, etag INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX operations_in_progress ON operations (set_id, started) WHERE status = "
    "'InProgress';"
    "CREATE INDEX operations_by_end ON operations (ended) WHERE status <> 'InProgress';"

    "CREATE TABLE events ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, level TEXT NOT NULL,"
    "  operation_name TEXT NOT NULL, status TEXT NOT NULL, resource_id TEXT NOT NULL COLLATE "
    "NOCASE,"
    "  caller TEXT NOT NULL, correlation TEXT, message TEXT);"
    "CREATE INDEX events_by_time ON events (time);"

    "CREATE TABLE images ("
    "  publisher TEXT NOT NULL COLLATE NOCASE, offer TEXT NOT NULL COLLATE NOCASE,"
    "  sku TEXT NOT NULL COLLATE NOCASE, version TEXT NOT NULL COLLATE NOCASE,"
    "  generation INTEGER NOT NULL, architecture TEXT NOT NULL, os_type TEXT NOT NULL,"
    "  security_type TEXT NOT NULL, guest_agent INTEGER NOT NULL, format TEXT NOT NULL, file TEXT,"
    "  sha256 TEXT, virtual_size INTEGER NOT NULL, PRIMARY KEY (publisher, offer, sku, version)) "
    "WITHOUT ROWID;"

    "CREATE TABLE disks ("
    "  id TEXT PRIMARY KEY COLLATE NOCASE, \"group\" TEXT NOT NULL COLLATE NOCASE,"
    "  set_name TEXT NOT NULL COLLATE NOCASE, instance INTEGER NOT NULL, lun INTEGER NOT NULL,"
    "  size_gib INTEGER NOT NULL, file TEXT NOT NULL, kept_until INTEGER NOT NULL) WITHOUT ROWID;",
    /* Rolling upgrades, health, repair. */
    "ALTER TABLE instances ADD COLUMN health TEXT NOT NULL DEFAULT 'unknown';"
    "ALTER TABLE instances ADD COLUMN health_since INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN health_phase INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN health_skip INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN roll INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN roll_mark TEXT NOT NULL DEFAULT 'none';"
    "ALTER TABLE instances ADD COLUMN roll_since INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN surge INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN undo_revision INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN undo_disk_gen INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN undo_vars_gen INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN undo_vtpm_gen INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN revive_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN repair_after INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN terminate_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE sets ADD COLUMN flexible INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE sets ADD COLUMN repairs_suspended INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE sets ADD COLUMN repairs_in_vain INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX sets_by_etag ON sets (etag);"
    "CREATE TABLE rolls ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  set_id INTEGER NOT NULL REFERENCES sets (id) ON DELETE CASCADE, etag INTEGER NOT NULL,"
    "  target INTEGER NOT NULL, status TEXT NOT NULL, phase TEXT NOT NULL, cancel INTEGER NOT NULL,"
    "  os_upgrade INTEGER NOT NULL, surge INTEGER NOT NULL, batch INTEGER NOT NULL,"
    "  batch_left INTEGER NOT NULL, until INTEGER NOT NULL, started INTEGER NOT NULL,"
    "  last_action INTEGER NOT NULL, ended INTEGER NOT NULL, successful INTEGER NOT NULL,"
    "  failed INTEGER NOT NULL, code TEXT, message TEXT, warning TEXT, operation TEXT NOT NULL);"
    "CREATE INDEX rolls_by_set ON rolls (set_id, id);"
    "CREATE UNIQUE INDEX rolls_under_way ON rolls (set_id) WHERE ended = 0;"
    "ALTER TABLE instances ADD COLUMN luns INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN attached INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE disks ADD COLUMN created INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE disks ADD COLUMN set_id INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE disks ADD COLUMN joins INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE disks ADD COLUMN leaves INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX disks_by_holder ON disks (set_id, instance);",
    /* Instances lie in the order of their key, as they did, but by one number: a row is written without being searched for in
     * an index first, and one that grows moves less. How many are in which state is counted from the rows: an index of it would
     * be written with each step of each instance. */
    "CREATE TABLE instances_by_place ("
    "  place INTEGER PRIMARY KEY,"
    "  set_id INTEGER NOT NULL REFERENCES sets (id) ON DELETE CASCADE, id INTEGER NOT NULL, etag INTEGER NOT NULL, "
    "  vm_id TEXT NOT NULL, computer_name TEXT NOT NULL, created INTEGER NOT NULL, want_revision INTEGER NOT NULL, "
    "  want_power TEXT NOT NULL, want_epoch INTEGER NOT NULL, disk_gen INTEGER NOT NULL, vars_gen INTEGER NOT NULL, "
    "  vtpm_gen INTEGER NOT NULL, data_gen INTEGER NOT NULL, want_deleted INTEGER NOT NULL, skip_shutdown INTEGER NOT NULL, "
    "  protect_scale_in INTEGER NOT NULL, protect_scale_set_actions INTEGER NOT NULL, tags TEXT, revision INTEGER NOT NULL, "
    "  epoch INTEGER NOT NULL, state TEXT NOT NULL, alive INTEGER NOT NULL, agent INTEGER NOT NULL, "
    "  failure INTEGER NOT NULL, failure_message TEXT, warning TEXT, state_since INTEGER NOT NULL, "
    "  run_disk_gen INTEGER NOT NULL, run_vars_gen INTEGER NOT NULL, run_vtpm_gen INTEGER NOT NULL, "
    "  run_data_gen INTEGER NOT NULL, health TEXT NOT NULL, health_since INTEGER NOT NULL, health_phase INTEGER NOT NULL, "
    "  health_skip INTEGER NOT NULL, roll INTEGER NOT NULL, roll_mark TEXT NOT NULL, roll_since INTEGER NOT NULL, "
    "  surge INTEGER NOT NULL, undo_revision INTEGER NOT NULL, undo_disk_gen INTEGER NOT NULL, "
    "  undo_vars_gen INTEGER NOT NULL, undo_vtpm_gen INTEGER NOT NULL, revive_at INTEGER NOT NULL, deaths INTEGER NOT NULL, "
    "  attempt INTEGER NOT NULL, repair_after INTEGER NOT NULL, terminate_at INTEGER NOT NULL, luns INTEGER NOT NULL, "
    "  attached INTEGER NOT NULL, operation TEXT, deadline INTEGER NOT NULL);"
    "INSERT INTO instances_by_place SELECT (set_id << 32) + id,"
    "  set_id, id, etag, vm_id, computer_name, created, want_revision, want_power, want_epoch, disk_gen, vars_gen, vtpm_gen, "
    "  data_gen, want_deleted, skip_shutdown, protect_scale_in, protect_scale_set_actions, tags, revision, epoch, state, "
    "  alive, agent, failure, failure_message, warning, state_since, run_disk_gen, run_vars_gen, run_vtpm_gen, run_data_gen, "
    "  health, health_since, health_phase, health_skip, roll, roll_mark, roll_since, surge, undo_revision, undo_disk_gen, "
    "  undo_vars_gen, undo_vtpm_gen, revive_at, deaths, attempt, repair_after, terminate_at, luns, attached, operation, "
    "  deadline"
    "  FROM instances ORDER BY set_id, id;"
    "DROP TABLE instances;"
    "ALTER TABLE instances_by_place RENAME TO instances;"
    "CREATE INDEX instances_by_etag ON instances (etag);"
    "CREATE INDEX instances_by_want ON instances (set_id, want_revision, want_deleted);",
    /* What the engine does to an instance step by step is no news to it: only the changes of others are indexed. */
    "ALTER TABLE instances ADD COLUMN touched INTEGER NOT NULL DEFAULT 0;"
    "UPDATE instances SET touched = etag;"
    "DROP INDEX instances_by_etag;"
    "CREATE INDEX instances_by_touch ON instances (touched);",
    /* Automatic OS image upgrade. */
    "ALTER TABLE sets ADD COLUMN image_avoided TEXT;"
    "ALTER TABLE rolls ADD COLUMN image_before TEXT;",
    /* Who cancels a rolling upgrade waits for its end, which is no failure of theirs. */
    "ALTER TABLE rolls ADD COLUMN cancel_operation TEXT;",
    /* Automatic repairs, and what could not be created replaced. What came up before that is known by its state. */
    "ALTER TABLE instances ADD COLUMN replaces INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN repairing INTEGER NOT NULL DEFAULT 0;"
    "UPDATE instances SET repair_after = state_since WHERE revision > 0 AND (agent <> 0 OR epoch > 1 OR failure = 0)"
    "  AND state NOT IN ('creating', 'starting');",
    /* Boot integrity. What was attested outlives its instance. */
    "ALTER TABLE instances ADD COLUMN integrity TEXT NOT NULL DEFAULT 'None';"
    "ALTER TABLE instances ADD COLUMN integrity_since INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE vtpms ("
    "  set_id INTEGER NOT NULL, instance INTEGER NOT NULL, generation INTEGER NOT NULL, ek TEXT NOT NULL,"
    "  certificate BLOB, ak BLOB, bound INTEGER NOT NULL, resets INTEGER NOT NULL, resets_epoch INTEGER NOT NULL,"
    "  tried INTEGER NOT NULL, verified INTEGER NOT NULL, PRIMARY KEY (set_id, instance)) WITHOUT ROWID;"
    "CREATE INDEX vtpms_by_key ON vtpms (ek);"
    "CREATE TRIGGER vtpms_go AFTER DELETE ON instances BEGIN"
    "  DELETE FROM vtpms WHERE set_id = old.set_id AND instance = old.id; END;"
    "CREATE TABLE logs (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE attestations ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, set_id INTEGER NOT NULL, instance INTEGER NOT NULL, at INTEGER NOT NULL,"
    "  epoch INTEGER NOT NULL, integrity TEXT NOT NULL, code TEXT, reason TEXT, components TEXT, reference TEXT,"
    "  resets INTEGER NOT NULL, log TEXT, nonce BLOB, quote BLOB, signature BLOB, ak BLOB);"
    "CREATE INDEX attestations_by_instance ON attestations (set_id, instance, id);"
    "CREATE INDEX attestations_by_log ON attestations (log);"
    "CREATE TABLE baselines ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, image_urn TEXT NOT NULL COLLATE NOCASE, secure_boot INTEGER NOT NULL,"
    "  vcpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL, log TEXT NOT NULL, source TEXT NOT NULL,"
    "  approved INTEGER NOT NULL, approved_by TEXT NOT NULL, withdrawn INTEGER NOT NULL, withdrawn_by TEXT);"
    "CREATE INDEX baselines_by_image ON baselines (image_urn);",
    /* What follows from a deviation. Few are ever in quarantine. */
    "ALTER TABLE instances ADD COLUMN out_of_health INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN stands_in INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX instances_in_quarantine ON instances (set_id, want_revision) WHERE quarantined <> 0;",
    /* Baselines that are withdrawn by themselves, and come back. */
    "ALTER TABLE baselines ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0;",
    /* Alerts, and what of them is still to be delivered. What there is to be alerted to ends with the instance. */
    "CREATE TABLE alerts ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, set_id INTEGER NOT NULL,"
    "  instance INTEGER NOT NULL, resource TEXT NOT NULL, kind TEXT NOT NULL, code TEXT, message TEXT,"
    "  status TEXT NOT NULL, open INTEGER NOT NULL, raised INTEGER NOT NULL, seen INTEGER NOT NULL,"
    "  changed INTEGER NOT NULL, changed_by TEXT);"
    "CREATE INDEX alerts_open ON alerts (set_id, instance) WHERE open <> 0;"
    "CREATE TRIGGER alerts_end AFTER DELETE ON instances BEGIN"
    "  UPDATE alerts SET open = 0, status = CASE WHEN status IN ('Active', 'InProgress') THEN 'Resolved' ELSE status END"
    "  WHERE set_id = old.set_id AND instance = old.id AND open <> 0; END;"
    "CREATE TABLE deliveries ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, alert INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,"
    "  fired INTEGER NOT NULL, at INTEGER NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL);"
    "CREATE INDEX deliveries_by_alert ON deliveries (alert);",
    /* What a rolling upgrade kept to put back goes with its end. */
    "UPDATE instances SET undo_revision = 0, undo_disk_gen = 0, undo_vars_gen = 0, undo_vtpm_gen = 0"
    "  WHERE undo_revision <> 0 AND set_id NOT IN (SELECT set_id FROM rolls WHERE ended = 0);",
    /* What is computed of an image before it boots. */
    "CREATE TABLE components ("
    "  image_urn TEXT PRIMARY KEY COLLATE NOCASE, made INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;",
    /* Kernel modules that a guest refused. */
    "ALTER TABLE attestations ADD COLUMN refused TEXT;",
    /* What was looked up in an instance before an upgrade. */
    "CREATE TABLE assessments ("
    "  set_id INTEGER NOT NULL, instance INTEGER NOT NULL, at INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    "  disk_gen INTEGER NOT NULL, vtpm_gen INTEGER NOT NULL, document TEXT NOT NULL,"
    "  PRIMARY KEY (set_id, instance)) WITHOUT ROWID;"
    "CREATE TRIGGER assessments_go AFTER DELETE ON instances BEGIN"
    "  DELETE FROM assessments WHERE set_id = old.set_id AND instance = old.id; END;",
    /* Who has signed in to the portal. */
    "CREATE TABLE sessions ("
    "  hash TEXT PRIMARY KEY, name TEXT NOT NULL, made_by TEXT NOT NULL, created INTEGER NOT NULL, used INTEGER NOT NULL)"
    "  WITHOUT ROWID;",
    /* Upgrades and roll backs, and what is recorded of each. */
    "CREATE TABLE upgrades ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, set_id INTEGER NOT NULL,"
    "  resource TEXT NOT NULL COLLATE NOCASE, kind TEXT NOT NULL, operation TEXT NOT NULL UNIQUE, caller TEXT NOT NULL,"
    "  target INTEGER NOT NULL, back INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL,"
    "  closed INTEGER NOT NULL, record TEXT);"
    "CREATE INDEX upgrades_by_resource ON upgrades (resource, id);"
    "CREATE INDEX upgrades_open ON upgrades (id) WHERE record IS NULL;"
    "CREATE TABLE upgrade_members ("
    "  change INTEGER NOT NULL REFERENCES upgrades (id) ON DELETE CASCADE, set_id INTEGER NOT NULL,"
    "  instance INTEGER NOT NULL, from_revision INTEGER NOT NULL, what TEXT NOT NULL, before TEXT,"
    "  down_since INTEGER NOT NULL, downs TEXT, gone INTEGER NOT NULL,"
    "  PRIMARY KEY (change, set_id, instance)) WITHOUT ROWID;",
    "ALTER TABLE instances ADD COLUMN integrity_by_model INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE disks DROP COLUMN joins;",
    "ALTER TABLE attestations ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;",
    /* What is done to an instance is the same of very many, and their rows are done with when there is a record. */
    "CREATE TABLE upgrade_whats ("
    "  change INTEGER NOT NULL REFERENCES upgrades (id) ON DELETE CASCADE, number INTEGER NOT NULL, what TEXT NOT NULL,"
    "  PRIMARY KEY (change, number)) WITHOUT ROWID;"
    "CREATE TEMP TABLE had AS SELECT * FROM upgrade_members"
    "  WHERE change IN (SELECT id FROM upgrades WHERE record IS NULL);"
    "INSERT INTO upgrade_whats SELECT change, row_number() OVER (PARTITION BY change) - 1, what"
    "  FROM (SELECT DISTINCT change, what FROM had);"
    "DROP TABLE upgrade_members;"
    "CREATE TABLE upgrade_members ("
    "  change INTEGER NOT NULL REFERENCES upgrades (id) ON DELETE CASCADE, set_id INTEGER NOT NULL,"
    "  instance INTEGER NOT NULL, from_revision INTEGER NOT NULL, what INTEGER NOT NULL, before TEXT,"
    "  down_since INTEGER NOT NULL, downs TEXT, gone INTEGER NOT NULL,"
    "  PRIMARY KEY (change, set_id, instance)) WITHOUT ROWID;"
    "INSERT INTO upgrade_members SELECT h.change, h.set_id, h.instance, h.from_revision, w.number, h.before, h.down_since,"
    "  CASE WHEN h.downs IS NOT NULL THEN"
    "   (SELECT json_group_array(json_array(unixepoch(value ->> '$.from') * 1000000, value ->> '$.usec'))"
    "    FROM json_each(h.downs)) END, h.gone"
    "  FROM had h JOIN upgrade_whats w ON w.change = h.change AND w.what = h.what;"
    "DROP TABLE had;",
    /* Records are read one by one, and are packed; what was a text stays one (store/upgrades.c). */
    "CREATE TABLE upgrade_records ("
    "  change INTEGER PRIMARY KEY REFERENCES upgrades (id) ON DELETE CASCADE, record BLOB NOT NULL);"
    "INSERT INTO upgrade_records SELECT id, CAST(record AS BLOB) FROM upgrades WHERE record IS NOT NULL;"
    "UPDATE upgrades SET closed = 0 WHERE record IS NULL;"
    "DROP INDEX upgrades_open;"
    "ALTER TABLE upgrades DROP COLUMN record;"
    "CREATE INDEX upgrades_open ON upgrades (id) WHERE closed = 0;",
    /* The other certificate of a vTPM, which is revoked with the first one. */
    "ALTER TABLE vtpms ADD COLUMN serial_p384 TEXT;",
    /* From the change's start on, one behind the other. */
    "UPDATE upgrade_members SET downs = (SELECT group_concat(json_array(value ->> '$[0]' -"
    "  (SELECT started FROM upgrades WHERE id = change), value ->> '$[1]')) FROM json_each(downs)) WHERE downs IS NOT NULL;",
    /* Automatic repairs that would lock something out. */
    "ALTER TABLE instances ADD COLUMN repair_held INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN loss_acknowledged INTEGER NOT NULL DEFAULT 0;",
    /* Rules by which alerts are dismissed, and which one dismissed an alert. */
    "CREATE TABLE suppressions ("
    "  name TEXT PRIMARY KEY COLLATE NOCASE, modified INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;"
    "ALTER TABLE alerts ADD COLUMN suppressed_by TEXT;",
    /* Whether an image boots by signed programs. */
    "ALTER TABLE images ADD COLUMN boot_chain TEXT NOT NULL DEFAULT 'Unknown';",
    /* The endorsement key that evidence names: files alone are judged by it, too. */
    "ALTER TABLE attestations ADD COLUMN ek BLOB;",
    /* Which revisions in a row restore the same. Of those that there are, each stands for itself. */
    "ALTER TABLE models ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE models ADD COLUMN made INTEGER NOT NULL DEFAULT 0;"
    "UPDATE models SET since = revision, made = created;"
    "CREATE INDEX models_by_since ON models (set_id, since);",
    /* Deployments of templates, and what they set going. */
    "CREATE TABLE deployments ("
    "  \"group\" TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL COLLATE NOCASE, id TEXT NOT NULL UNIQUE,"
    "  created INTEGER NOT NULL, outputs TEXT, document TEXT NOT NULL, PRIMARY KEY (\"group\", name));"
    "CREATE TABLE deployment_parts ("
    "  deployment TEXT NOT NULL REFERENCES deployments (id) ON DELETE CASCADE, place INTEGER NOT NULL,"
    "  resource TEXT NOT NULL, operation TEXT COLLATE NOCASE, PRIMARY KEY (deployment, place)) WITHOUT ROWID;"
    "CREATE INDEX deployment_parts_by_operation ON deployment_parts (operation);"
    "CREATE TRIGGER groups_deployments AFTER DELETE ON groups BEGIN"
    "  DELETE FROM deployments WHERE \"group\" = old.name; END;",
};
const guint schema_n_steps = G_N_ELEMENTS(schema_steps);

/* The one number of a statement that has one, before there is a transaction. */
static gboolean
number_read(Connection *connection, const char *text, int *ret_number, GError **error)
{
    sqlite3_stmt *statement = NULL;
    gboolean known =
        sqlite3_prepare_v2(connection->db, text, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
    if (known)
        *ret_number = sqlite3_column_int(statement, 0);
    else
        sql_fail(error, connection, "read its schema");
    sqlite3_finalize(statement);
    return known;
}

static gboolean
version_check(Connection *connection, int *ret_version, int newest, GError **error)
{
    int version = 0, tables = 0;
    if (!number_read(connection, "PRAGMA user_version", &version, error) ||
        !number_read(connection, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return FALSE;
    if (version > newest)
        return arm_fail(error, ARM_INTERNAL, NULL,
                        "The store '%s' has schema version %d, made by a newer Testudo; this one "
                        "knows versions up to %d. Run the newer one, or put back a copy of the "
                        "store from before the upgrade.",
                        connection->path, version, newest);
    if (version < 0 || (version == 0 && tables > 0))
        return arm_fail(error, ARM_INTERNAL, NULL, "'%s' is a database of another program, not a store of Testudo.",
                        connection->path);
    *ret_version = version;
    return TRUE;
}

gboolean
schema_migrate(Connection *connection, const char *const *steps, guint n_steps, GError **error)
{
    int version = 0, newest = (int)n_steps;
    if (!version_check(connection, &version, newest, error))
        return FALSE;
    for (; version < newest; version++) {
        g_autofree char *text =
            g_strdup_printf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;", steps[version], version + 1);
        if (sqlite3_exec(connection->db, text, NULL, NULL, NULL) != SQLITE_OK) {
            g_autofree char *verb = g_strdup_printf("bring its schema to version %d", version + 1);
            sql_fail(error, connection, verb);
            sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
            return FALSE;
        }
    }
    return TRUE;
}
