// virtualMachineScaleSetVMs: reading one instance, acting on it, its boot diagnostics, deleting it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { all, behaviour } from "./behaviour.mjs";
import { client, disks, group, model, power, powers, sets, vms } from "./fleet.mjs";

const name = "js-vms";

await behaviour("list has the instances of a new set, with views when asked for", async () => {
  await sets.createOrUpdate(group, name, model(2));
  const plain = await all(vms.list(group, name));
  assert.deepEqual(plain.map((vm) => vm.instanceId), ["0", "1"]);
  assert.equal(plain[0].instanceView, undefined);
  assert.deepEqual(await powers(name), { 0: "running", 1: "running" });
});

await behaviour("get names the instance, its size and its image", async () => {
  const vm = await vms.get(group, name, "0");
  assert.equal(vm.instanceId, "0");
  assert.equal(vm.latestModelApplied, true);
  assert.equal(vm.hardwareProfile.vmSize, "Standard_A1_v2");
  assert.equal(vm.storageProfile.imageReference.sku, "gen1");
  assert.match(vm.vmId, /^[0-9a-f-]{36}$/);
});

await behaviour("getInstanceView has provisioning state, power and agent", async () => {
  const view = await vms.getInstanceView(group, name, "0");
  assert.ok(view.statuses.some((status) => status.code === "ProvisioningState/succeeded"));
  assert.equal(power(view), "running");
  assert.ok(view.vmAgent.statuses.length > 0);
});

for (const [action, afterwards] of [["powerOff", "stopped"], ["start", "running"], ["restart", "running"],
                                    ["deallocate", "deallocated"], ["start", "running"], ["reimage", "running"]]) {
  await behaviour(`${action} of one instance leaves it ${afterwards} and the other running`, async () => {
    await vms[action](group, name, "1");
    assert.deepEqual(await powers(name), { 0: "running", 1: afterwards });
  });
}

await behaviour("retrieveBootDiagnosticsData gives addresses; the serial log is read without a token", async () => {
  const found = await vms.retrieveBootDiagnosticsData(group, name, "0");
  assert.match(found.consoleScreenshotBlobUri, /^https:/);
  const ca = readFileSync(process.env.TESTUDO_CA_FILE);
  const [answer] = await once(get(found.serialConsoleLogBlobUri, { ca }), "response");
  assert.equal(answer.statusCode, 200);
  assert.ok((await text(answer)).length > 0);
});

await behaviour("delete of one instance leaves the other, and its data disk", async () => {
  const dataDisks = [{ lun: 0, createOption: "Empty", diskSizeGB: 1 }];
  await sets.update(group, name, { virtualMachineProfile: { storageProfile: { dataDisks } } });
  await sets.updateInstances(group, name, { instanceIds: ["*"] });
  await vms.delete(group, name, "0");
  assert.deepEqual(await powers(name), { 1: "running" });
  await assert.rejects(vms.get(group, name, "0"), { statusCode: 404 });
});

await behaviour("a kept data disk is attached, detached and deleted, as az does it", async () => {
  const [kept] = await all(disks.listByResourceGroup(group));
  assert.equal(kept.diskState, "Unattached");
  assert.equal(kept.diskSizeGB, 1);
  assert.equal(kept.tags.instanceId, "0");
  assert.ok((await all(disks.list())).some((disk) => disk.name === kept.name));
  const vm = await vms.get(group, name, "1");
  vm.storageProfile.dataDisks.push({ lun: 3, createOption: "Attach", managedDisk: { id: kept.id } });
  const attached = await vms.update(group, name, "1", vm);
  assert.deepEqual(attached.storageProfile.dataDisks.map((disk) => disk.lun), [0, 3]);
  assert.equal((await disks.get(group, kept.name)).managedBy, vm.id);
  attached.storageProfile.dataDisks.pop();
  await vms.update(group, name, "1", attached);
  assert.equal((await disks.get(group, kept.name)).diskState, "Unattached");
  await disks.delete(group, kept.name);
  await disks.delete(group, kept.name);
  await assert.rejects(disks.get(group, kept.name), { statusCode: 404 });
  await client.virtualMachineScaleSets.delete(group, name);
});
