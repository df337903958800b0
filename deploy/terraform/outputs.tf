output "page" {
  description = "Where people open Towerlab, behind IAP."
  value       = local.urls["config-api-public"]
}

output "tracking" {
  description = "MLflow. Look at it through: gcloud run services proxy tracking --region <region>."
  value       = local.urls["tracking"]
}

output "image_repository" {
  description = "Where images are pushed to."
  value       = module.images.repository
}

output "topics" {
  description = "Topics that other domains publish to (dataset.*) and listen to, by event type."
  value       = module.events.topics
}

output "accounts" {
  description = "Service account by name; the owner of a source dataset may ask for those of config-api."
  value       = module.accounts.emails
}

output "buckets" {
  description = "Bucket by what is in it."
  value = {
    artifacts      = module.storage.artifacts
    pipeline_root  = module.storage.pipeline_root
    tracking_files = module.storage.tracking_files
  }
}
