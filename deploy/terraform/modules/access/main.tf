# Who may do what: the grants of ../../derived/permissions.json, each bound to what it is on. Grants on "tracking" are
# the invokers of that service.
locals {
  grants = merge([
    for account, entry in var.permissions : {
      for grant in entry.grants : "${account}/${grant.role}/${grant.on}" => {
        member = "serviceAccount:${var.emails[account]}"
        role   = try(google_project_iam_custom_role.role[trimprefix(grant.role, "custom/")].id, grant.role)
        on     = grant.on
        topics = grant.on == "topics" ? entry.topics : []
      }
    }
  ]...)

  on_topics = merge([
    for key, grant in local.grants : { for topic in grant.topics : "${key}/${topic}" => merge(grant, { topic = topic }) }
  ]...)

  on_sources = merge([
    for key, grant in local.grants : {
      for source in var.source_datasets : "${key}/${source}" => merge(grant, { source = split(".", source) })
    } if grant.on == "sources"
  ]...)
}

resource "google_project_iam_member" "project" {
  for_each = { for key, grant in local.grants : key => grant if grant.on == "project" }
  project  = var.project
  role     = each.value.role
  member   = each.value.member
}

resource "google_storage_bucket_iam_member" "bucket" {
  for_each = { for key, grant in local.grants : key => grant if contains(keys(var.buckets), grant.on) }
  bucket   = var.buckets[each.value.on]
  role     = each.value.role
  member   = each.value.member
}

resource "google_pubsub_topic_iam_member" "topic" {
  for_each = local.on_topics
  topic    = var.topics[each.value.topic]
  role     = each.value.role
  member   = each.value.member
}

resource "google_bigquery_dataset_iam_member" "snapshots" {
  for_each   = { for key, grant in local.grants : key => grant if grant.on == "snapshots" }
  dataset_id = var.snapshots
  role       = each.value.role
  member     = each.value.member
}

resource "google_bigquery_dataset_iam_member" "scratch" {
  for_each   = { for key, grant in local.grants : key => grant if grant.on == "scratch" }
  dataset_id = var.scratch
  role       = each.value.role
  member     = each.value.member
}

resource "google_bigquery_dataset_iam_member" "source" {
  for_each   = local.on_sources
  project    = each.value.source[0]
  dataset_id = each.value.source[1]
  role       = each.value.role
  member     = each.value.member
}

resource "google_service_account_iam_member" "pipeline_account" {
  for_each           = { for key, grant in local.grants : key => grant if grant.on == "pipeline_account" }
  service_account_id = var.pipeline_id
  role               = each.value.role
  member             = each.value.member
}

resource "google_secret_manager_secret_iam_member" "tracking_secret" {
  for_each  = { for key, grant in local.grants : key => grant if grant.on == "tracking_secret" }
  secret_id = var.secret
  role      = each.value.role
  member    = each.value.member
}
