// What a program catches: statusCode, code, and details with every reason.
import assert from "node:assert/strict";
import { behaviour } from "./behaviour.mjs";
import { connect, group, model, sets, trusted, vms } from "./fleet.mjs";

const name = "js-errors";

async function caught(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
}

// Where a call begins an operation, the client keeps nothing of a refusal but status, code and message: the body is
// taken on its way in.
async function refused(begin) {
  let body;
  const error = await caught(begin({ onResponse: (raw) => (body = JSON.parse(raw.bodyAsText)) }));
  return { statusCode: error.statusCode, code: error.code, message: error.message, body: body.error };
}

await behaviour("a set that is not there: 404 ResourceNotFound; a group that is not: ResourceGroupNotFound", async () => {
  const set = await caught(sets.get(group, "no-such-set"));
  assert.deepEqual([set.statusCode, set.code], [404, "ResourceNotFound"]);
  assert.equal(set.details.error.code, "ResourceNotFound");
  const other = await caught(sets.get("no-such-group", "x"));
  assert.deepEqual([other.statusCode, other.code], [404, "ResourceGroupNotFound"]);
});

await behaviour("a wrong token: 401 AuthenticationFailed", async () => {
  const error = await caught(connect("not-the-token").virtualMachineScaleSets.get(group, name));
  assert.deepEqual([error.statusCode, error.code], [401, "AuthenticationFailed"]);
});

await behaviour("a model that breaks two rules: 400 BadRequest, and details has both", async () => {
  await sets.createOrUpdate(group, name, model(1));
  const change = { virtualMachineProfile: { securityProfile: trusted } };
  const error = await refused((options) => sets.update(group, name, change, options));
  assert.deepEqual([error.statusCode, error.code], [400, "BadRequest"]);
  const messages = error.body.details.map((detail) => detail.message).join("\n");
  assert.match(messages, /The VM size 'Standard_A1_v2' is not supported/);
  assert.match(messages, /Please select Trusted Launch Supported Gen2 OS Image/);
});

await behaviour("a size that does not exist names the property", async () => {
  const error = await refused((options) => sets.update(group, name, { sku: { name: "Standard_X99" } }, options));
  assert.equal(error.statusCode, 400);
  assert.match(error.body.target, /sku/);
  assert.match(error.message, /Standard_X99/);
});

await behaviour("an instance that is not there", async () => {
  const error = await caught(vms.get(group, name, "77"));
  assert.equal(error.statusCode, 404);
  assert.ok(error.code);
});

await behaviour("If-Match: a stale ETag is a 412 and changes nothing; the current one is taken", async () => {
  const stale = (await sets.get(group, name)).etag;
  assert.ok(stale);
  await sets.update(group, name, { tags: { first: "yes" } }, { ifMatch: stale });
  const error = await caught(sets.update(group, name, { tags: { second: "yes" } }, { ifMatch: stale }));
  assert.deepEqual([error.statusCode, error.code], [412, "PreconditionFailed"]);
  assert.deepEqual((await sets.get(group, name)).tags, { first: "yes" });
});

await behaviour("If-None-Match: * refuses to replace what is there", async () => {
  const error = await caught(sets.createOrUpdate(group, name, model(1), { ifNoneMatch: "*" }));
  assert.equal(error.statusCode, 412);
  await sets.delete(group, name);
});
