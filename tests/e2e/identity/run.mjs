// Signs in as the documentation of ClientSecretCredential has it for AD FS, and asks ARM with what that gives. One line a behaviour.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ComputeManagementClient } from "@azure/arm-compute";
import { ResourceManagementClient } from "@azure/arm-resources";
import { ClientSecretCredential } from "@azure/identity";

const tlsOptions = { ca: readFileSync(process.env.TESTUDO_CA_FILE) };
const endpoint = process.env.TESTUDO_URL;
const secret = readFileSync(process.env.TESTUDO_TOKEN_FILE, "ascii").trim();
const credential = (clientSecret) =>
  new ClientSecretCredential("adfs", "node-client", clientSecret, { authorityHost: endpoint, tlsOptions });

async function behaviour(name, body) {
  try {
    await body();
    console.log(`ok - ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`not ok - ${name}`);
    console.log(error.stack ?? String(error));
  }
}

await behaviour("ClientSecretCredential signs in, and is told for how long", async () => {
  const token = await credential(secret).getToken("https://management.azure.com/.default");
  const seconds = (token.expiresOnTimestamp - Date.now()) / 1000;
  assert.ok(token.token && seconds > 3500 && seconds <= 3601, `${seconds} s`);
});

await behaviour("a client of ARM works by it", async () => {
  const client = new ComputeManagementClient(credential(secret), process.env.TESTUDO_SUBSCRIPTION, { endpoint, tlsOptions });
  const sizes = [];
  for await (const size of client.virtualMachineSizes.list(process.env.TESTUDO_LOCATION)) sizes.push(size.name);
  assert.ok(sizes.includes("Standard_B1ms"), String(sizes));
});

await behaviour("a wrong secret is refused in words", async () => {
  await assert.rejects(credential("wrong").getToken("https://management.azure.com/.default"),
                       /The client secret is wrong: it is the content of admin.token/);
});

// ---- templates ----

const template = (capacity) => ({
  $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  resources: [{
    type: "Microsoft.Compute/virtualMachineScaleSets",
    apiVersion: "2024-07-01",
    name: "deployed",
    location: "[resourceGroup().location]",
    sku: { name: "Standard_B1ms", capacity },
    properties: {
      upgradePolicy: { mode: "Manual" },
      virtualMachineProfile: {
        storageProfile: { imageReference: { publisher: "Testudo", offer: "mini", sku: "gen2", version: "1.0.0" } },
      },
    },
  }],
  outputs: { state: { type: "string", value: "[reference('deployed').provisioningState]" } },
});
const deployment = (capacity) => ({ properties: { mode: "Incremental", template: template(capacity) } });
const resources = new ResourceManagementClient(credential(secret), process.env.TESTUDO_SUBSCRIPTION, { endpoint, tlsOptions });
const { deployments } = resources;
const all = async (pages) => {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
};

await behaviour("a template is looked at, deployed and followed to its end", async () => {
  const checked = await deployments.beginValidateAndWait("e2e", "one", deployment(1));
  assert.equal(checked.properties.validatedResources.length, 1);
  assert.equal((await deployments.checkExistence("e2e", "one")).body, false);
  const done = await deployments.beginCreateOrUpdateAndWait("e2e", "one", deployment(1));
  assert.equal(done.properties.provisioningState, "Succeeded");
  assert.equal(done.properties.outputs.state.value, "Succeeded");
  assert.equal((await deployments.checkExistence("e2e", "one")).body, true);
  const would = await deployments.beginWhatIfAndWait("e2e", "one", deployment(2));
  const mine = would.changes.find((change) => change.resourceId.endsWith("/deployed"));
  // The client makes an object of each value, also of numbers.
  assert.deepEqual([mine.changeType, mine.delta.length, mine.delta[0].path], ["Modify", 1, "sku.capacity"]);
  const steps = await all(resources.deploymentOperations.list("e2e", "one"));
  assert.deepEqual(steps.map((step) => step.properties.targetResource.resourceName), ["deployed"]);
  assert.equal((await deployments.exportTemplate("e2e", "one")).template.contentVersion, "1.0.0.0");
});

await behaviour("deployments are listed, and deleted without what they made", async () => {
  await deployments.beginCreateOrUpdateAndWait("e2e", "two", deployment(1));
  const names = (await all(deployments.listByResourceGroup("e2e", { top: 1 }))).map((one) => one.name);
  assert.deepEqual(names, ["two", "one"]);
  await deployments.beginDeleteAndWait("e2e", "one");
  await assert.rejects(deployments.get("e2e", "one"), { code: "DeploymentNotFound", statusCode: 404 });
  const sets = await all(resources.resources.listByResourceGroup("e2e"));
  assert.ok(sets.some((set) => set.name === "deployed"));
});

await behaviour("a template that is refused says which member is wrong", async () => {
  const wrong = deployment(1);
  wrong.properties.template.resources[0].sku.name = "Standard_None";
  await assert.rejects(deployments.beginCreateOrUpdateAndWait("e2e", "three", wrong),
                       (error) => error.statusCode === 400 && /scale set 'deployed'.*Standard_None/.test(error.message));
});
