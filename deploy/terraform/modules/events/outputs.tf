output "topics" {
  value = { for type, topic in google_pubsub_topic.event : type => topic.id }
}

output "dead_letters" {
  value = google_pubsub_subscription.dead_letters.name
}
