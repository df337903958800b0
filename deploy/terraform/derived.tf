# What the code says of itself. `make derived` writes these files; a test fails when they are not up to date.
locals {
  documents   = jsondecode(file("${path.module}/../derived/documents.json"))
  events      = jsondecode(file("${path.module}/../derived/events.json"))
  permissions = jsondecode(file("${path.module}/../derived/permissions.json"))
  schedule    = jsondecode(file("${path.module}/../derived/schedule.json"))
  services    = jsondecode(file("${path.module}/../derived/services.json"))
  used        = jsondecode(file("${path.module}/../derived/settings.json"))

  read_by = { for name, optional in local.used.optional : name => concat(local.used.required, optional) }
}
