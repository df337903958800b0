output "emails" {
  value = { for name, account in google_service_account.account : name => account.email }
}

output "ids" {
  value = { for name, account in google_service_account.account : name => account.name }
}
