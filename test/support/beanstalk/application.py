"""An application as people wrote them for Elastic Beanstalk's worker daemon, with django-eb-sqs-worker and beanstalk-dispatch.

application.py serve PORT: the worker's side, on 127.0.0.1. application.py send QUEUE: the web's side, which sends tasks.
"""
import os
import sys

import django
from django.conf import settings

DONE = os.environ.get("RUN_DONE", os.devnull)

settings.configure(
    # As Django has it unless told otherwise: the daemon posts to localhost.
    ALLOWED_HOSTS=["localhost"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    SECRET_KEY="of a test",
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["eb_sqs_worker", "beanstalk_dispatch"],
    USE_TZ=True,
    AWS_EB_HANDLE_SQS_TASKS=True,
    AWS_EB_DEFAULT_REGION="us-east-1",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_EB_ENABLED_TASKS={"place_order": "__main__.place_order", "nightly": "__main__.nightly"},
    BEANSTALK_DISPATCH_SQS_KEY="test",
    BEANSTALK_DISPATCH_SQS_SECRET="test",
    BEANSTALK_DISPATCH_TABLE={"place_order": "__main__.dispatched"},
)
django.setup()


def done(what):
    with open(DONE, "a") as file:
        file.write(f"{what}\n")


def place_order(number=0, fail=False):
    if fail:
        raise RuntimeError("no stock")
    done(f"order {number}")


def nightly():
    done("nightly")


def dispatched(number):
    done(f"dispatched {number}")


from django.urls import include, path  # noqa: E402

urlpatterns = [path("worker/", include("eb_sqs_worker.urls")), path("dispatch/", include("beanstalk_dispatch.urls"))]


def serve(port):
    from wsgiref.simple_server import make_server

    from django.core.wsgi import get_wsgi_application

    make_server("127.0.0.1", int(port), get_wsgi_application()).serve_forever()


def send(queue, which, count, fail):
    if which == "dispatch":
        from beanstalk_dispatch.client import schedule_function

        for number in range(int(count)):
            # What a task throws, its wrapper keeps to itself.
            schedule_function(queue, "of a later release" if fail == "fail" else "place_order", number)
    else:
        from eb_sqs_worker.sqs import send_task

        for number in range(int(count)):
            send_task("place_order", {"number": number, "fail": fail == "fail"}, queue_name=queue)


if __name__ == "__main__":
    {"serve": serve, "send": send}[sys.argv[1]](*sys.argv[2:])
