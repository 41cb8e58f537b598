// The client as the documentation has it, on the daemon's endpoint, and the models of the main job.
import { readFileSync } from "node:fs";
import { ComputeManagementClient } from "@azure/arm-compute";

export const subscription = process.env.TESTUDO_SUBSCRIPTION;
export const group = process.env.TESTUDO_GROUP;
export const location = process.env.TESTUDO_LOCATION;

export function connect(token = readFileSync(process.env.TESTUDO_TOKEN_FILE, "ascii").trim()) {
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  return new ComputeManagementClient(credential, subscription, {
    endpoint: process.env.TESTUDO_URL,
    tlsOptions: { ca: readFileSync(process.env.TESTUDO_CA_FILE) },
  });
}

export const client = connect();
export const sets = client.virtualMachineScaleSets;
export const vms = client.virtualMachineScaleSetVMs;
export const disks = client.disks;
export const extensions = client.virtualMachineScaleSetExtensions;

export const image = (sku) => ({ publisher: "Testudo", offer: "mini", sku, version: "1.0.0" });

export const trusted = {
  securityType: "TrustedLaunch",
  uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
};

export function model(capacity, size = "Standard_A1_v2", sku = "gen1") {
  return {
    location,
    sku: { name: size, capacity },
    upgradePolicy: { mode: "Manual" },
    virtualMachineProfile: { storageProfile: { imageReference: image(sku) } },
  };
}

export function power(view) {
  return view.statuses.map((status) => status.code).find((code) => code.startsWith("PowerState/")).split("/")[1];
}

export async function powers(name) {
  const found = {};
  for await (const vm of vms.list(group, name, { expand: "instanceView" })) found[vm.instanceId] = power(vm.instanceView);
  return found;
}
