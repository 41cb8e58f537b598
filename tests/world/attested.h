/* tests/world/attested.h: worlds in which instances are attested: the body of such a scale set, and its first hours. */
#pragma once

#include "world.h"

/* The longest time between two times that an instance is attested, and some. */
#define ROUND (3700 * USEC_PER_SEC)

/* settings: members of AttestationConfig, as JSON; "": none. */
#define ATTESTATION_CONFIG(settings) "\"settings\":{\"AttestationConfig\":{" settings "}}"
#define ATTESTATION_EXTENSION(settings)                                                                                        \
    "{\"name\":\"GuestAttestation\",\"properties\":{\"publisher\":\"Microsoft.Azure.Security.LinuxAttestation\",\"type\":"     \
    "\"GuestAttestation\",\"typeHandlerVersion\":\"1.0\"," ATTESTATION_CONFIG(settings) "}}"
/* Body of a PATCH of the extension. */
#define ATTESTATION_PATCH(settings) "{\"properties\":{" ATTESTATION_CONFIG(settings) "}}"

#define UPGRADE_MODE(mode) "\"upgradePolicy\":{\"mode\":\"" mode "\"}"

/* A scale set with Trusted launch. properties: what its `properties` have besides, one member at least. */
#define TRUSTED_SET(size, capacity, version, properties, extensions)                                                           \
    "{\"location\":\"local\",\"sku\":{\"name\":\"" size "\",\"capacity\":" capacity "},\"properties\":{" properties            \
    ",\"virtualMachineProfile\":{\"securityProfile\":{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{"                   \
    "\"secureBootEnabled\":true,\"vTpmEnabled\":true}},\"extensionProfile\":{\"extensions\":[" extensions                      \
    "]},\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":"    \
    "\"" version "\"}}}}}"
#define ATTESTED_SET(capacity, mode, settings)                                                                                 \
    TRUSTED_SET("Standard_B1ms", capacity, "1.0.0", UPGRADE_MODE(mode), ATTESTATION_EXTENSION(settings))

/* Settles, and lets the minute pass in which what has booted is attested. */
void attested_settle(World *world);
/* Group g1, and a set of this body whose instances were attested once: nothing is approved, so none is judged. */
void attested_create(World *world, const char *set, const char *body);
/* What instance 0 of set s1 booted is what its image is to boot; a round later all are judged by it. */
void attested_approve(World *world);
/* A world with set s1 of this body, approved. fault: of its boots, as host_simulated_set_faults() has it, or NULL. */
World *attested_world(const char *body, SimulatedFault (*fault)(const LaunchSpec *spec, void *data), void *data);
/* Of set s1; its next boot has been attested then. */
void attested_restart(World *world, const char *instance);
/* What is to be delivered since this was asked last: "raised over". */
void attested_expect_deliveries(World *world, const char *wanted);
