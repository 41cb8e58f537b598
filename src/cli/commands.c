/* Every command. Names and options are those of Azure's `az` where it has the command. */
#include "cli/cli.h"

#define SET       "resource-group! name! "
#define LAUNCH    "vm-sku security-type enable-secure-boot enable-vtpm "
#define EXTENSION "resource-group! vmss-name! name! "
#define ROLLING                                                                                                                \
    "upgrade-policy-mode max-batch-instance-percent max-unhealthy-instance-percent "                                           \
    "max-unhealthy-upgraded-instance-percent pause-time-between-batches prioritize-unhealthy-instances "                       \
    "max-surge rollback-failed-instances-on-policy-breach enable-auto-os-upgrade "                                             \
    "enable-automatic-repairs automatic-repairs-grace-period automatic-repairs-action "
#define ACTION SET "instance-ids no-wait "

/* clang-format off */
const Command cli_commands[] = {
    { "account show", NULL, "", run_account_show, "show the subscription", NULL },
    { "account list-locations", NULL, "", run_account_locations, "list locations: this host", NULL },
    { "host show", NULL, "", run_host_show, "what this host can run: firmware, vTPM, sizes", NULL },
    { "monitor activity-log list", NULL, "resource-group max-events", run_activity_log, "what was asked, by whom, and how it ended", NULL },
    { "attest show", NULL, SET "instance-id! evidence", run_attest_show, "how an instance booted, and what differs from its image",
      "testudo attest show -g MyResourceGroup -n MyScaleSet --instance-id 0 --evidence folder" },
    { "attest history", NULL, SET "instance-id!", run_attest_history, "what was found of an instance before", NULL },
    { "attest now", NULL, SET "instance-id!", run_attest_now, "have an instance attested without waiting for its time", NULL },
    { "attest approve", NULL, SET "instance-id! yes", run_attest_approve,
      "approve what an instance booted as what its image is to boot", NULL },
    { "attest baseline list", NULL, "", run_attest_baseline_list, "what images are to boot, as it was approved", NULL },
    { "attest baseline show", NULL, "id!", run_attest_baseline_show, "one of these, with its event log", NULL },
    { "attest baseline export", NULL, "id! file!", run_attest_baseline_export,
      "one of these as a file, for verify-file --reference",
      "testudo attest baseline export --id 1 --file baseline.json" },
    { "attest baseline withdraw", NULL, "id! yes", run_attest_withdraw, "boots are compared with it no more", NULL },
    { "attest eventlog", "file!", "pcrs", run_attest_eventlog, "print what a TCG event log measured",
      "testudo attest eventlog /sys/kernel/security/tpm0/binary_bios_measurements" },
    { "attest verify-file", "folder!", "reference ca nonce", run_attest_verify_file,
      "verify a boot's evidence, in a folder or as testudo-guest prints it, against what should have booted",
      "testudo attest verify-file evidence --reference known-good --ca ca.pem" },
    { "feature list", NULL, "namespace", run_feature_list, "list features and whether they are registered", NULL },
    { "feature show", NULL, "namespace! name!", run_feature_show, "show a feature", NULL },
    { "feature register", NULL, "namespace! name!", run_feature_register, "register a feature; it takes effect at once",
      "testudo feature register --namespace Microsoft.Compute --name TrustedLaunchUpgradeFlexPreview" },
    { "feature unregister", NULL, "namespace! name!", run_feature_unregister, "unregister a feature", NULL },
    { "group create", NULL, "name! location tags", run_group_create, "create a resource group",
      "testudo group create -n MyResourceGroup" },
    { "group show", NULL, "name!", run_group_show, "show a resource group", NULL },
    { "group list", NULL, "", run_group_list, "list resource groups", NULL },
    { "group exists", NULL, "name!", run_group_exists, "true or false", NULL },
    { "group delete", NULL, "name! yes no-wait", run_group_delete, "delete a resource group and all in it", NULL },
    { "disk list", NULL, "resource-group", run_disk_list, "list data disks that were kept from removed instances", NULL },
    { "disk show", NULL, "resource-group! name!", run_disk_show, "show a kept disk", NULL },
    { "disk delete", NULL, "resource-group! name! yes", run_disk_delete, "delete a kept disk before its time is over", NULL },
    { "image import", "file!", "definition publisher offer sku version generation security-type os-type format guest-agent",
      run_image_import, "take in an image file of the daemon's host",
      "testudo image import debian.qcow2 --publisher Debian --offer debian-12 --sku gen2 --version 12.0.1 \\\n"
      "      --generation V2 --security-type TrustedLaunchSupported --format qcow2" },
    { "image list", NULL, "publisher offer sku", run_image_list, "list images", NULL },
    { "image show", "urn", "urn!", run_image_show, "show an image", NULL },
    { "image delete", "urn", "urn! yes", run_image_delete, "delete an image that nothing uses", NULL },
    { "vm image list", NULL, "publisher offer sku", run_image_list, "list images", NULL },
    { "vm image show", "urn", "urn!", run_image_show, "show an image", NULL },
    { "vm list", NULL, "resource-group vmss", run_vm_list, "list the VMs of Flexible scale sets",
      "testudo vm list -g MyResourceGroup --vmss MyScaleSet" },
    { "vm show", NULL, SET, run_vm_show, "show a VM", NULL },
    { "vm get-instance-view", NULL, SET, run_vm_instance_view, "state of a VM", NULL },
    { "vm start", NULL, SET "no-wait", run_vm_start, "start a VM", NULL },
    { "vm stop", NULL, SET "skip-shutdown no-wait", run_vm_stop, "power off a VM; it stays allocated", NULL },
    { "vm restart", NULL, SET "no-wait", run_vm_restart, "restart a VM", NULL },
    { "vm deallocate", NULL, SET "no-wait", run_vm_deallocate, "power off and deallocate a VM", NULL },
    { "vm redeploy", NULL, SET "no-wait", run_vm_redeploy, "restart a VM with the disks that it has", NULL },
    { "vm reimage", NULL, SET "yes no-wait", run_vm_reimage, "make the OS disk anew from the image", NULL },
    { "vm delete", NULL, SET "force-deletion yes no-wait", run_vm_delete, "delete a VM and lower its set's capacity", NULL },
    { "vm list-sizes", NULL, "location", run_vm_sizes, "list VM sizes", NULL },
    { "vm list-skus", NULL, "location vm-sku", run_vm_skus, "list VM sizes with what they can do", NULL },
    { "vm list-usage", NULL, "location", run_vm_usage, "quota and what is used of it", NULL },
    { "vmss create", NULL,
      SET LAUNCH "image! instance-count location tags admin-username admin-password ssh-key-values generate-ssh-keys custom-data "
                 ROLLING "computer-name-prefix orchestration-mode os-disk-size-gb data-disk-sizes-gb scale-in-policy "
                 "force-deletion enable-terminate-notification terminate-notification-time set what-if yes no-wait",
      run_vmss_create, "create a scale set",
      "testudo vmss create -g MyResourceGroup -n MyScaleSet --image Testudo:mini:gen2:1.0.0 --vm-sku Standard_B1ms \\\n"
      "      --security-type TrustedLaunch --enable-secure-boot true --enable-vtpm true" },
    { "vmss show", NULL, SET "instance-id", run_vmss_show, "show a scale set or one of its instances", NULL },
    { "vmss list", NULL, "resource-group", run_vmss_list, "list scale sets", NULL },
    { "vmss update", NULL,
      SET LAUNCH ROLLING "image custom-data scale-in-policy force-deletion enable-terminate-notification "
                 "terminate-notification-time set tags what-if yes no-wait instance-id protect-from-scale-in "
                 "protect-from-scale-set-actions", run_vmss_update,
      "change the model; with upgrade mode Manual, instances follow by update-instances",
      "testudo vmss update -g MyResourceGroup -n MyScaleSet --vm-sku Standard_B1ms \\\n"
      "      --set virtualMachineProfile.storageProfile.imageReference.sku=gen2 \\\n"
      "      --security-type TrustedLaunch --enable-secure-boot true --enable-vtpm true --what-if" },
    { "vmss rolling-upgrade start", NULL, SET "no-wait", run_vmss_rolling_start,
      "bring all instances to the newest model, batch by batch", "testudo vmss rolling-upgrade start -g MyResourceGroup -n MyScaleSet" },
    { "vmss rolling-upgrade get-latest", NULL, SET, run_vmss_rolling_latest, "how the latest rolling upgrade stands", NULL },
    { "vmss rolling-upgrade cancel", NULL, SET "no-wait", run_vmss_rolling_cancel,
      "end the rolling upgrade with the batch in hand", NULL },
    { "vmss rolling-upgrade history", NULL, SET, run_vmss_rolling_history, "rolling upgrades that were", NULL },
    { "vmss set-orchestration-service-state", NULL, SET "service-name! action! no-wait", run_vmss_service_state,
      "suspend automatic repairs, or set them going again",
      "testudo vmss set-orchestration-service-state -g MyResourceGroup -n MyScaleSet --service-name AutomaticRepairs \\\n"
      "      --action Resume" },
    { "vmss revisions", NULL, SET, run_vmss_revisions, "list the model revisions that can be gone back to", NULL },
    { "vmss rollback", NULL, SET "to! what-if yes no-wait", run_vmss_rollback,
      "go back to the size, image, security profile, disks and extensions of a revision",
      "testudo vmss rollback -g MyResourceGroup -n MyScaleSet --to 1 --what-if" },
    { "vmss scale", NULL, SET "new-capacity! yes no-wait", run_vmss_scale, "change the number of instances", NULL },
    { "vmss update-instances", NULL, SET "instance-ids! yes no-wait", run_vmss_update_instances,
      "bring instances to the set's model", "testudo vmss update-instances -g MyResourceGroup -n MyScaleSet --instance-ids 1" },
    { "vmss list-instances", NULL, SET "expand", run_vmss_list_instances, "list the instances", NULL },
    { "vmss get-instance-view", NULL, SET "instance-id", run_vmss_instance_view,
      "state of the set, or of one instance (\"*\": of each)", NULL },
    { "vmss start", NULL, ACTION, run_vmss_start, "start instances (all, unless named)", NULL },
    { "vmss stop", NULL, ACTION "skip-shutdown", run_vmss_stop, "power off instances; they stay allocated", NULL },
    { "vmss restart", NULL, ACTION, run_vmss_restart, "restart instances", NULL },
    { "vmss deallocate", NULL, ACTION, run_vmss_deallocate, "power off and deallocate instances", NULL },
    { "vmss reimage", NULL, ACTION "yes", run_vmss_reimage, "make the OS disks anew from the image", NULL },
    { "vmss delete-instances", NULL, SET "instance-ids! yes no-wait", run_vmss_delete_instances,
      "delete instances and lower the capacity", NULL },
    { "vmss delete", NULL, SET "force-deletion yes no-wait", run_vmss_delete, "delete a scale set and its instances", NULL },
    { "vmss wait", NULL, SET "created updated deleted exists timeout", run_vmss_wait,
      "wait for what was begun with --no-wait", "testudo vmss wait -g MyResourceGroup -n MyScaleSet --created" },
    { "vmss list-skus", NULL, SET, run_vmss_skus, "sizes that the set can change to", NULL },
    { "vmss list-instance-connection-info", NULL, SET, run_vmss_connection_info,
      "addresses on this host that lead to ports of the instances", NULL },
    { "vmss disk attach", NULL, SET "instance-id! disk! lun no-wait", run_vmss_disk_attach,
      "attach a kept disk to an instance, which restarts",
      "testudo vmss disk attach -g MyResourceGroup --vmss-name MyScaleSet --instance-id 0 --disk NAME --lun 3" },
    { "vmss disk detach", NULL, SET "instance-id! lun! no-wait", run_vmss_disk_detach,
      "detach an attached disk from an instance, which restarts; the disk is kept again", NULL },
    { "vmss extension set", NULL,
      EXTENSION "publisher! version settings protected-settings extension-instance-name no-wait", run_vmss_extension_set,
      "add an extension to the model, or replace it; --name is its type",
      "testudo vmss extension set -g MyResourceGroup --vmss-name MyScaleSet --publisher Microsoft.ManagedServices \\\n"
      "      --name ApplicationHealthLinux --version 2.0 \\\n"
      "      --settings '{\"protocol\": \"http\", \"port\": 8080, \"requestPath\": \"/health\"}'" },
    { "vmss extension list", NULL, "resource-group! vmss-name!", run_vmss_extension_list, "list the model's extensions", NULL },
    { "vmss extension show", NULL, EXTENSION, run_vmss_extension_show, "show an extension", NULL },
    { "vmss extension delete", NULL, EXTENSION "no-wait", run_vmss_extension_delete, "take an extension out of the model", NULL },
    { "vmss run-command invoke", NULL, SET "instance-id! command-id scripts!", run_vmss_run_command,
      "run a shell script inside an instance, through the guest agent",
      "testudo vmss run-command invoke -g MyResourceGroup -n MyScaleSet --instance-id 0 --command-id RunShellScript \\\n"
      "      --scripts 'cat /sys/kernel/security/lockdown'" },
    { "vmss boot-log", NULL, SET "instance-id! follow", run_vmss_boot_log, "the serial log of the current boot", NULL },
    { "vmss console", NULL, SET "instance-id!", run_vmss_console, "watch the serial console (read only), until Ctrl-C", NULL },
    { "vmss screenshot", NULL, SET "instance-id! file!", run_vmss_screenshot, "the screen as a PNG file", NULL },
    { 0 },
};
/* clang-format on */
