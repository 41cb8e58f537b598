// Sizes, quota and platform images.
import assert from "node:assert/strict";
import { all, behaviour } from "./behaviour.mjs";
import { client, location } from "./fleet.mjs";

await behaviour("resourceSkus.list tells which sizes cannot do Trusted launch", async () => {
  const skus = await all(client.resourceSkus.list({ filter: `location eq '${location}'` }));
  const capability = (name, wanted) =>
    skus.find((sku) => sku.name === name).capabilities.find((entry) => entry.name === wanted)?.value;
  assert.ok(skus.length >= 60);
  assert.equal(capability("Standard_A1_v2", "TrustedLaunchDisabled"), "True");
  assert.equal(capability("Standard_B1ms", "TrustedLaunchDisabled"), undefined);
  assert.match(capability("Standard_B1ms", "HyperVGenerations"), /V2/);
});

await behaviour("virtualMachineSizes.list has numbers", async () => {
  const size = (await all(client.virtualMachineSizes.list(location))).find((entry) => entry.name === "Standard_B1ms");
  assert.equal(size.numberOfCores, 1);
  assert.equal(size.memoryInMB, 2048);
});

await behaviour("usage.list has cores of the region and of a family", async () => {
  const usages = await all(client.usage.list(location));
  assert.ok(usages.every((usage) => usage.limit > 0 && usage.currentValue >= 0 && usage.name.value));
  assert.ok(usages.some((usage) => usage.name.value === "cores"));
});

await behaviour("virtualMachineImages leads from publisher to version", async () => {
  const images = client.virtualMachineImages;
  const names = (list) => list.map((entry) => entry.name);
  assert.ok(names(await images.listPublishers(location)).includes("Testudo"));
  assert.ok(names(await images.listOffers(location, "Testudo")).includes("mini"));
  assert.ok(names(await images.listSkus(location, "Testudo", "mini")).includes("gen2"));
  assert.deepEqual(names(await images.list(location, "Testudo", "mini", "gen2")), ["1.0.0", "1.1.0"]);
  const newest = await images.list(location, "Testudo", "mini", "gen2", { top: 1, orderby: "name desc" });
  assert.deepEqual(names(newest), ["1.1.0"]);
});

await behaviour("virtualMachineImages.get says generation and security type", async () => {
  const image = await client.virtualMachineImages.get(location, "Testudo", "mini", "gen2", "1.0.0");
  assert.equal(image.hyperVGeneration, "V2");
  assert.equal(image.osDiskImage.operatingSystem, "Linux");
  assert.deepEqual(image.features, [{ name: "SecurityType", value: "TrustedLaunchSupported" }]);
});

await behaviour("virtualMachineExtensionImages has the extensions that a model may have", async () => {
  const images = client.virtualMachineExtensionImages, publisher = "Microsoft.ManagedServices", type = "ApplicationHealthLinux";
  assert.deepEqual((await images.listTypes(location, publisher)).map((entry) => entry.name), [type]);
  assert.deepEqual((await images.listVersions(location, publisher, type)).map((entry) => entry.name), ["1.0", "2.0"]);
  assert.equal((await images.get(location, publisher, type, "2.0")).operatingSystem, "Linux");
});
