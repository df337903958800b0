# What shared/towerlab/runtime/settings.py reads. Each service is told what its code makes use of, which is written in
# deploy/derived/settings.json; TOWERLAB_PIPELINE_LOCK, TOWERLAB_PIPELINE_TEMPLATE and TOWERLAB_PAGE stand in the images.
locals {
  # Cloud Run's addresses follow from names, so that services can be told each other's before they exist
  hosts = {
    for name in concat(keys(local.services), ["tracking"]) :
    name => "${name}-${module.project.number}.${var.region}.run.app"
  }
  urls = { for name, host in local.hosts : name => "https://${host}" }

  push_audience = "towerlab-internal"
  iap_audience  = "/projects/${module.project.number}/locations/${var.region}/services/config-api-public"

  settings = {
    TOWERLAB_PLATFORM                       = "google"
    TOWERLAB_PROJECT                        = var.project
    TOWERLAB_REGION                         = var.region
    TOWERLAB_FIRESTORE_DATABASE             = var.firestore_database
    TOWERLAB_ARTIFACTS                      = "gs://${module.storage.artifacts}/artifacts"
    TOWERLAB_PIPELINE_ROOT                  = "gs://${module.storage.pipeline_root}/jobs"
    TOWERLAB_SNAPSHOTS                      = "${var.project}.${module.snapshots.dataset}"
    TOWERLAB_PIPELINE_IMAGE                 = var.images["pipeline"]
    TOWERLAB_PIPELINE_ACCOUNT               = module.accounts.emails["pipeline"]
    TOWERLAB_PUSH_AUDIENCE                  = local.push_audience
    TOWERLAB_PUSH_ACCOUNTS                  = join(",", [module.accounts.emails["bus-push"], module.accounts.emails["schedule-tick"]])
    TOWERLAB_TRACKING_URI                   = local.urls["tracking"]
    TOWERLAB_AUDIENCES                      = local.iap_audience
    TOWERLAB_ROLES                          = jsonencode(var.roles)
    TOWERLAB_ALLOWED_ORIGINS                = join(",", var.allowed_origins)
    TOWERLAB_UPLOAD_MEGABYTES               = tostring(var.upload_megabytes)
    TOWERLAB_REGISTER_AT_ONCE_VALUES        = tostring(var.register_at_once_values)
    TOWERLAB_TEST_DEADLINE_SECONDS          = tostring(var.test_deadline_seconds)
    TOWERLAB_FULL_TRAINING                  = var.full_training
    TOWERLAB_FULL_TRAINING_DEADLINE_SECONDS = tostring(var.full_training_deadline_seconds)
    TOWERLAB_DATAFLOW_ROWS                  = tostring(var.compute.dataflow_rows)
    TOWERLAB_DATAFLOW_WORKERS               = tostring(var.compute.dataflow_workers)
    TOWERLAB_DATAFLOW_MACHINE               = var.compute.dataflow_machine
    TOWERLAB_DATAFLOW_IMAGE                 = var.compute.dataflow_image
    TOWERLAB_TRAINER_CPU                    = tostring(var.compute.trainer_cpu)
    TOWERLAB_TRAINER_MEMORY_GB              = tostring(var.compute.trainer_memory_gb)
    TOWERLAB_TRAINER_ACCELERATOR            = var.compute.trainer_accelerator
  }

  environments = {
    for name, service in local.services : name => merge(
      { for setting, value in local.settings : setting => value if contains(local.read_by[name], setting) },
      {
        APP                    = service.app
        THREADS                = tostring(var.services[name].threads)
        TOWERLAB_ALLOWED_HOSTS = local.hosts[name]
      },
    )
  }
}
