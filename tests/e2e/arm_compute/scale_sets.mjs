// virtualMachineScaleSets: create, read, the main job, actions on all and on named instances, delete.
import assert from "node:assert/strict";
import { all, behaviour } from "./behaviour.mjs";
import { extensions, group, image, location, model, powers, sets, trusted, vms } from "./fleet.mjs";

const name = "js-set";

function isTrusted({ securityType, uefiSettings }) {
  assert.deepEqual({ securityType, uefiSettings }, trusted);
}

await behaviour("createOrUpdate makes a set and returns it when it is there", async () => {
  const set = await sets.createOrUpdate(group, name, { ...model(3), tags: { made: "by javascript" } });
  assert.equal(set.name, name);
  assert.equal(set.provisioningState, "Succeeded");
  assert.deepEqual(set.tags, { made: "by javascript" });
  assert.deepEqual(await powers(name), { 0: "running", 1: "running", 2: "running" });
});

await behaviour("get gives the model, flattened as the client has it", async () => {
  const set = await sets.get(group, name);
  assert.equal(set.orchestrationMode, "Uniform");
  assert.equal(set.sku.capacity, 3);
  assert.equal(set.upgradePolicy.mode, "Manual");
  assert.equal(set.virtualMachineProfile.storageProfile.osDisk.osType, "Linux");
  assert.ok(set.timeCreated instanceof Date);
});

await behaviour("list, listAll and listByLocation have it", async () => {
  for (const pages of [sets.list(group), sets.listAll(), sets.listByLocation(location)])
    assert.ok((await all(pages)).some((set) => set.name === name));
});

await behaviour("getInstanceView counts states", async () => {
  const view = await sets.getInstanceView(group, name);
  const counts = Object.fromEntries(view.virtualMachine.statusesSummary.map((entry) => [entry.code, entry.count]));
  assert.equal(counts["PowerState/running"], 3);
  assert.equal(counts["ProvisioningState/succeeded"], 3);
  assert.equal(view.statuses[0].code, "ProvisioningState/succeeded");
});

await behaviour("listSkus has the size that the set may go to", async () => {
  assert.ok((await all(sets.listSkus(group, name))).some((entry) => entry.sku.name === "Standard_B1ms"));
});

await behaviour("update brings size, image and security type into the model in one PATCH", async () => {
  const set = await sets.update(group, name, {
    sku: { name: "Standard_B1ms" },
    virtualMachineProfile: { storageProfile: { imageReference: image("gen2") }, securityProfile: trusted },
  });
  isTrusted(set.virtualMachineProfile.securityProfile);
  assert.equal(set.sku.capacity, 3);
  for await (const vm of vms.list(group, name)) assert.equal(vm.latestModelApplied, false);
});

await behaviour("beginUpdateInstances brings one instance to it, then all", async () => {
  await (await sets.beginUpdateInstances(group, name, { instanceIds: ["1"] })).pollUntilDone();
  const applied = {};
  for await (const vm of vms.list(group, name)) applied[vm.instanceId] = vm.latestModelApplied;
  assert.deepEqual(applied, { 0: false, 1: true, 2: false });
  await sets.updateInstances(group, name, { instanceIds: ["*"] });
  for await (const vm of vms.list(group, name)) {
    assert.equal(vm.latestModelApplied, true);
    isTrusted(vm.securityProfile);
  }
});

await behaviour("extensions are made, changed and listed by routes of their own; secrets stay in the daemon", async () => {
  const health = (settings) => ({
    publisher: "Microsoft.ManagedServices", typePropertiesType: "ApplicationHealthLinux", typeHandlerVersion: "2.0", settings,
  });
  const made = await extensions.createOrUpdate(group, name, "health", health({ protocol: "tcp", port: 22 }));
  assert.equal(made.name, "health");
  assert.equal(made.typePropertiesType, "ApplicationHealthLinux");
  assert.equal(made.provisioningState, "Succeeded");
  const changed = await extensions.update(group, name, "health", { settings: { protocol: "tcp", port: 23 } });
  assert.equal(changed.settings.port, 23);
  assert.equal((await extensions.get(group, name, "health")).typeHandlerVersion, "2.0");
  assert.deepEqual((await all(extensions.list(group, name))).map((extension) => extension.name), ["health"]);
  await assert.rejects(extensions.createOrUpdate(group, name, "other", health({ protocol: "udp" })),
    (error) => error.statusCode === 400 && /tcp, http, https/.test(error.message));
  await extensions.delete(group, name, "health");
  await extensions.delete(group, name, "health");
  assert.deepEqual(await all(extensions.list(group, name)), []);
});

await behaviour("powerOff of named instances leaves the others running; start brings them back", async () => {
  await sets.powerOff(group, name, { vmInstanceIDs: { instanceIds: ["0", "2"] } });
  assert.deepEqual(await powers(name), { 0: "stopped", 1: "running", 2: "stopped" });
  await sets.start(group, name);
  assert.deepEqual(await powers(name), { 0: "running", 1: "running", 2: "running" });
});

await behaviour("powerOff with skipShutdown stops all", async () => {
  await sets.powerOff(group, name, { skipShutdown: true });
  assert.deepEqual(await powers(name), { 0: "stopped", 1: "stopped", 2: "stopped" });
});

await behaviour("deallocate without ids is of all", async () => {
  await sets.deallocate(group, name);
  assert.deepEqual(await powers(name), { 0: "deallocated", 1: "deallocated", 2: "deallocated" });
  await sets.start(group, name);
});

await behaviour("restart, reimage and reimageAll end with every instance running", async () => {
  await sets.restart(group, name, { vmInstanceIDs: { instanceIds: ["1"] } });
  await sets.reimage(group, name, { vmScaleSetReimageInput: { instanceIds: ["1"] } });
  await sets.reimageAll(group, name);
  assert.deepEqual(await powers(name), { 0: "running", 1: "running", 2: "running" });
});

await behaviour("deleteInstances takes the named one away, and capacity with it", async () => {
  await sets.deleteInstances(group, name, { instanceIds: ["1"] });
  assert.deepEqual(Object.keys(await powers(name)), ["0", "2"]);
  assert.equal((await sets.get(group, name)).sku.capacity, 2);
});

await behaviour("back to Standard in one PATCH", async () => {
  const set = await sets.update(group, name, {
    sku: { name: "Standard_A1_v2" },
    virtualMachineProfile: {
      storageProfile: { imageReference: image("gen1") },
      securityProfile: { securityType: "Standard", uefiSettings: null },
    },
  });
  assert.equal(set.virtualMachineProfile.securityProfile?.uefiSettings, undefined);
  await sets.updateInstances(group, name, { instanceIds: ["*"] });
  for await (const vm of vms.list(group, name)) assert.equal(vm.hardwareProfile.vmSize, "Standard_A1_v2");
});

await behaviour("delete leaves nothing, and once more is no error", async () => {
  await sets.delete(group, name);
  assert.ok(!(await all(sets.list(group))).some((set) => set.name === name));
  await sets.delete(group, name);
});
