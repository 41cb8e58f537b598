// virtualMachines: the instances of a Flexible set, as the client has them: lists, one, its actions, its own settings.
import assert from "node:assert/strict";
import { all, behaviour } from "./behaviour.mjs";
import { client, group, location, model, power, sets, vms } from "./fleet.mjs";

const name = "js-flex";
const machines = client.virtualMachines;
const names = async (pages) => (await all(pages)).map((vm) => vm.name);

await behaviour("a Flexible set is made, and stays Flexible", async () => {
  const set = await sets.createOrUpdate(group, name, { ...model(2), orchestrationMode: "Flexible" });
  assert.equal(set.orchestrationMode, "Flexible");
  await assert.rejects(sets.createOrUpdate(group, name, { ...model(2), orchestrationMode: "Uniform" }),
                       { statusCode: 409, code: "PropertyChangeNotAllowed" });
});

await behaviour("its instances are in every list of VMs, and those of other sets are not", async () => {
  const { id } = await sets.get(group, name);
  for (const pages of [machines.list(group), machines.listAll(), machines.listByLocation(location),
                       machines.list(group, { filter: `'virtualMachineScaleSet/id' eq '${id}'` })])
    assert.deepEqual(await names(pages), [`${name}_0`, `${name}_1`]);
});

await behaviour("get names the set, the size and, when asked for, the view", async () => {
  const vm = await machines.get(group, `${name}_1`, { expand: "instanceView" });
  assert.equal(vm.type, "Microsoft.Compute/virtualMachines");
  assert.ok(vm.virtualMachineScaleSet.id.endsWith(`/virtualMachineScaleSets/${name}`));
  assert.equal(vm.hardwareProfile.vmSize, "Standard_A1_v2");
  assert.equal(vm.provisioningState, "Succeeded");
  assert.equal(power(vm.instanceView), "running");
  assert.equal(vm.vmId, (await vms.get(group, name, "1")).vmId);
});

for (const [action, afterwards] of [["powerOff", "stopped"], ["start", "running"], ["restart", "running"],
                                    ["deallocate", "deallocated"], ["start", "running"], ["redeploy", "running"],
                                    ["reimage", "running"]]) {
  await behaviour(`${action} of a VM leaves it ${afterwards} and the other running`, async () => {
    await machines[action](group, `${name}_1`);
    assert.equal(power(await machines.instanceView(group, `${name}_1`)), afterwards);
    assert.equal(power(await machines.instanceView(group, `${name}_0`)), "running");
  });
}

await behaviour("what was read can be sent back, and tags can be set", async () => {
  const vm = await machines.get(group, `${name}_0`);
  const put = await machines.createOrUpdate(group, `${name}_0`, { ...vm, tags: { by: "put" } });
  assert.deepEqual(put.tags, { by: "put" });
  const patched = await machines.update(group, `${name}_0`, { tags: { by: "patch" } });
  assert.deepEqual(patched.tags, { by: "patch" });
});

await behaviour("another size of one VM, and a VM without a set, are refused", async () => {
  await assert.rejects(machines.update(group, `${name}_0`, { hardwareProfile: { vmSize: "Standard_B2s" } }),
                       { statusCode: 409, code: "PropertyChangeNotAllowed" });
  await assert.rejects(machines.createOrUpdate(group, "alone", { location }), { statusCode: 400, code: "BadRequest" });
});

await behaviour("retrieveBootDiagnosticsData gives addresses", async () => {
  assert.match((await machines.retrieveBootDiagnosticsData(group, `${name}_0`)).serialConsoleLogBlobUri, /^https:/);
});

await behaviour("delete of a VM lowers the set's capacity", async () => {
  await machines.delete(group, `${name}_0`);
  await assert.rejects(machines.get(group, `${name}_0`), { statusCode: 404, code: "ResourceNotFound" });
  assert.equal((await sets.get(group, name)).sku.capacity, 1);
  await sets.delete(group, name);
});
