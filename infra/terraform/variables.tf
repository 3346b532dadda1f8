variable "name" {
  description = "Name of the stack, and of what is in it."
  type        = string
}

variable "image" {
  description = "The agent's image, by digest."
  type        = string
}

variable "parameters" {
  description = "Parameters of ../root.yaml besides Image, by name; what is left out has its default."
  type        = map(any)
  default     = {}

  validation {
    condition     = !contains(keys(var.parameters), "Image")
    error_message = "Image is the module's variable image."
  }
}
