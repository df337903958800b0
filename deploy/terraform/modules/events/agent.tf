# What Pub/Sub itself must be allowed to: move dead letters, and sign its pushes as the push account.
resource "google_pubsub_topic_iam_member" "forwards_dead_letters" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = var.bus_agent
}

resource "google_pubsub_subscription_iam_member" "takes_dead_letters" {
  for_each     = google_pubsub_subscription.consumer
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = var.bus_agent
}

resource "google_service_account_iam_member" "signs_pushes" {
  service_account_id = var.push_account_id
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = var.bus_agent
}
