# The stack of ../root.yaml, for accounts that are kept by Terraform: the templates in a bucket, and one CloudFormation stack of them.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

locals {
  infra = "${path.module}/.."
  # Every template that root.yaml nests.
  nested = toset(["network", "queue", "table", "cluster", "task", "service", "scaling", "observability", "sources", "budget", "keeper"])
  # One folder in the bucket for each version of them: a stack is only updated where one has changed.
  release = substr(sha256(join("", [for name in concat(sort(tolist(local.nested)), ["root"]) : file("${local.infra}/${name}.yaml")])), 0, 16)
  address = "https://${aws_s3_bucket.templates.bucket_regional_domain_name}/${local.release}"
}

resource "aws_s3_bucket" "templates" {
  bucket_prefix = "queuehand-"
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "templates" {
  bucket                  = aws_s3_bucket.templates.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_object" "nested" {
  for_each = local.nested
  bucket   = aws_s3_bucket.templates.id
  key      = "${local.release}/${each.key}.yaml"
  source   = "${local.infra}/${each.key}.yaml"
  etag     = filemd5("${local.infra}/${each.key}.yaml")
}

# Its paths become addresses, as `aws cloudformation package` makes them.
resource "aws_s3_object" "root" {
  bucket  = aws_s3_bucket.templates.id
  key     = "${local.release}/root.yaml"
  content = replace(file("${local.infra}/root.yaml"), "/TemplateURL: ([a-z]+\\.yaml)/", "TemplateURL: ${local.address}/$1")
}

resource "aws_cloudformation_stack" "this" {
  name         = var.name
  template_url = "${local.address}/root.yaml"
  parameters   = merge({ for name, value in var.parameters : name => tostring(value) }, { Image = var.image })
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
  # A first stack that fails is left to be looked at; later ones go back to where they were.
  on_failure = "DO_NOTHING"
  depends_on = [aws_s3_object.nested, aws_s3_object.root]
}
