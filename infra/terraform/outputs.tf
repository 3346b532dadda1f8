output "outputs" {
  description = "Outputs of the stack: QueueUrl, DeadLetterQueueUrl, ServiceName, ClusterName, TaskRoleArn, WebhookUrl."
  value       = aws_cloudformation_stack.this.outputs
}
