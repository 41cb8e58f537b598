// @azure/arm-compute against a running daemon. Environment: see fleet.mjs.
import { failed } from "./behaviour.mjs";

// Each has a set of its own, and what it waits for is mostly Retry-After: together they take as long as the longest.
await Promise.all([import("./scale_sets.mjs"), import("./instances.mjs"), import("./machines.mjs"), import("./catalogue.mjs"),
                   import("./errors.mjs")]);
process.exitCode = failed() ? 1 : 0;
