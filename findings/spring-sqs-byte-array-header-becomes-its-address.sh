#!/usr/bin/env bash
# io.awspring.cloud:spring-cloud-aws-sqs 3.4.0 (Maven), against ElasticMQ 1.7.1 in the same Java program.
#
# One would expect: a byte[] header of a message becomes a Binary attribute, a type that SQS has and the SDK below
# takes, or is refused.
# What is: each header that is no number or string is written as its toString(). For a byte[] that is the array's
# type and hash ("[B@1acc873b"), a String attribute that differs at each send; the bytes are gone, and nothing is
# said. An Instant and a list happen to leave something readable.
# Whom it hurts: who moves from Kafka or RabbitMQ to SQS below the same Spring code: there, byte[] is what headers
# usually are (signatures, compressed context). The consumer finds a header that is present and never verifies.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >pom.xml <<'XML'
<project>
  <modelVersion>4.0.0</modelVersion><groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.awspring.cloud</groupId><artifactId>spring-cloud-aws-sqs</artifactId><version>3.4.0</version>
    </dependency>
    <dependency>
      <groupId>org.elasticmq</groupId><artifactId>elasticmq-rest-sqs_2.13</artifactId><version>1.7.1</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -B -q dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars >"$dir/mvn.log" 2>&1 ||
  { cat "$dir/mvn.log" >&2; exit 1; }

cat >Send.java <<'JAVA'
import io.awspring.cloud.sqs.operations.SqsTemplate;
import java.net.URI;
import java.util.List;
import org.elasticmq.rest.sqs.SQSRestServerBuilder;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;

public class Send {
  public static void main(String[] args) throws Exception {
    var server = SQSRestServerBuilder.withDynamicPort().withInterface("127.0.0.1").start();
    var port = server.waitUntilStarted().localAddress().getPort();
    var sqs = SqsAsyncClient.builder()
        .endpointOverride(URI.create("http://127.0.0.1:" + port))
        .region(Region.US_EAST_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
        .build();
    var url = sqs.createQueue(queue -> queue.queueName("jobs")).get().queueUrl();
    SqsTemplate.newTemplate(sqs).send(to -> to.queue("jobs").payload("hello")
        .header("tags", List.of("a", "b")).header("signature", new byte[] {1, 2, 3}));
    var message = sqs.receiveMessage(from -> from.queueUrl(url).messageAttributeNames("All")).get().messages().get(0);
    message.messageAttributes().forEach((name, value) ->
        System.out.println(name + " (" + value.dataType() + "): " + value.stringValue()));
    var signature = message.messageAttributes().get("signature");
    var holds = "String".equals(signature.dataType()) && signature.stringValue().startsWith("[B@");
    System.exit(holds ? 0 : 1);
  }
}
JAVA
timeout 90 java -cp 'jars/*' Send.java 2>"$dir/errors" ||
  { cat "$dir/errors"; echo "changed: a byte[] header arrives as something else"; exit 1; } >&2
