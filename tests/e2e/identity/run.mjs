// Signs in as the documentation of ClientSecretCredential has it for AD FS, and asks ARM with what that gives. One line a behaviour.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ComputeManagementClient } from "@azure/arm-compute";
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
