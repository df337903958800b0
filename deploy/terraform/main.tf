# The installation, one line of thought per module: project -> accounts -> what is stored -> who may do what -> what
# runs -> what makes it run -> who is told.

module "project" {
  source  = "./modules/project"
  project = var.project
}

module "images" {
  source     = "./modules/images"
  region     = var.region
  depends_on = [module.project]
}

module "accounts" {
  source     = "./modules/accounts"
  names      = concat(keys(local.permissions), ["bus-push", "schedule-tick"])
  depends_on = [module.project]
}

module "documents" {
  source              = "./modules/documents"
  database            = var.firestore_database
  region              = var.region
  documents           = local.documents
  deletion_protection = var.deletion_protection
  depends_on          = [module.project]
}

module "storage" {
  source                = "./modules/storage"
  project               = var.project
  region                = var.region
  pipeline_outputs_days = var.pipeline_outputs_days
  deletion_protection   = var.deletion_protection
  depends_on            = [module.project]
}

module "snapshots" {
  source              = "./modules/snapshots"
  region              = var.region
  deletion_protection = var.deletion_protection
  depends_on          = [module.project]
}

module "tracking_store" {
  source              = "./modules/tracking_store"
  region              = var.region
  tier                = var.tracking_database_tier
  password_version    = var.tracking_password_version
  deletion_protection = var.deletion_protection
  depends_on          = [module.project]
}

module "events" {
  source          = "./modules/events"
  events          = local.events
  urls            = local.urls
  push_account    = module.accounts.emails["bus-push"]
  push_account_id = module.accounts.ids["bus-push"]
  push_audience   = local.push_audience
  bus_agent       = module.project.pubsub_agent
}

module "access" {
  source          = "./modules/access"
  project         = var.project
  permissions     = local.permissions
  emails          = module.accounts.emails
  source_datasets = var.source_datasets
  topics          = module.events.topics
  snapshots       = module.snapshots.dataset
  scratch         = module.snapshots.scratch
  secret          = module.tracking_store.secret
  pipeline_id     = module.accounts.ids["pipeline"]
  buckets = {
    artifacts      = module.storage.artifacts
    pipeline_root  = module.storage.pipeline_root
    tracking_files = module.storage.tracking_files
  }
}

module "service" {
  source              = "./modules/service"
  for_each            = local.services
  name                = each.key
  region              = var.region
  image               = var.images[each.value.image]
  account             = module.accounts.emails[each.key]
  size                = var.services[each.key]
  environment         = local.environments[each.key]
  health              = "/healthz"
  reach               = each.value.public ? "people" : "internal"
  audience            = each.value.public ? null : local.push_audience
  deletion_protection = var.deletion_protection
  invokers = each.value.public ? { iap = module.project.iap_agent } : {
    push = "serviceAccount:${module.accounts.emails["bus-push"]}"
    tick = "serviceAccount:${module.accounts.emails["schedule-tick"]}"
  }
  people     = each.value.public ? var.people : []
  depends_on = [module.access, module.documents]
}

module "tracking" {
  source              = "./modules/service"
  name                = "tracking"
  region              = var.region
  image               = var.images["tracking"]
  account             = module.accounts.emails["tracking"]
  size                = var.services["tracking"]
  health              = "/health"
  reach               = "accounts" # tasks on Vertex AI call it from outside of any network of this project
  deletion_protection = var.deletion_protection
  database            = module.tracking_store.connection
  environment = {
    MLFLOW_ARTIFACTS_DESTINATION = "gs://${module.storage.tracking_files}"
    MLFLOW_SERVER_ALLOWED_HOSTS  = local.hosts["tracking"]
  }
  secrets = { MLFLOW_BACKEND_STORE_URI = module.tracking_store.secret_version }
  invokers = {
    for account, entry in local.permissions : account => "serviceAccount:${module.accounts.emails[account]}"
    if contains(entry.grants[*].on, "tracking")
  }
  depends_on = [module.access]
}

module "schedule" {
  source       = "./modules/schedule"
  region       = var.region
  schedule     = local.schedule
  urls         = local.urls
  tick_account = module.accounts.emails["schedule-tick"]
  audience     = local.push_audience
  depends_on   = [module.service]
}

module "watch" {
  source       = "./modules/watch"
  project      = var.project
  emails       = var.alert_emails
  dead_letters = module.events.dead_letters
  depends_on   = [module.project]
}
