# Where every predefined role that would do can do much more.
locals {
  custom_roles = {
    pipelineJobs = {
      title = "Towerlab: submit, look at and cancel pipeline jobs"
      permissions = [
        "aiplatform.pipelineJobs.create", "aiplatform.pipelineJobs.get", "aiplatform.pipelineJobs.list",
        "aiplatform.pipelineJobs.cancel",
      ]
    }
    objectHolder = {
      title       = "Towerlab: put objects under a hold"
      permissions = ["storage.objects.get", "storage.objects.list", "storage.objects.update"]
    }
  }
}

resource "google_project_iam_custom_role" "role" {
  for_each    = local.custom_roles
  role_id     = "towerlab_${each.key}"
  title       = each.value.title
  permissions = each.value.permissions
}
