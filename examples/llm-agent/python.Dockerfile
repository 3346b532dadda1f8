# The agent as a program: build queuehand's image first, then this one.
#   docker build -t queuehand . && docker build -t llm-agent-python -f examples/llm-agent/python.Dockerfile examples/llm-agent
ARG QUEUEHAND_IMAGE=queuehand
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${QUEUEHAND_IMAGE} AS queuehand

FROM ${PYTHON_IMAGE}
COPY --from=queuehand /usr/bin/tini /usr/bin/tini
COPY --from=queuehand /usr/local/bin/node /usr/local/bin/node
# The same place as in queuehand's image: the templates' health check is that of both.
COPY --from=queuehand /app /app
WORKDIR /app/agent
RUN pip install --no-cache-dir boto3==1.44.8
COPY *.py ./
# Keeps the agent from reading the worker's environment and memory.
ENV LD_PRELOAD=/app/native/undumpable.so
ENV NODE_ENV=production PYTHONUNBUFFERED=1 HANDLER="exec:python3 agent.py"
ENV AGENT_ENV="PYTHONUNBUFFERED,MODEL_*,USD_*,STATE,REPLY_URL,DOCUMENT_*,ANSWER_PREFIX,TURNS_MAX"
# Those of the account with the model's provider, whatever the number of tasks; and what a message usually takes.
ENV BUDGETS="model=600/min*8, model.tokens=200000/min" USES="model=2, model.tokens=500"
# Not root; numbers, since the image may have no name for it.
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
  CMD ["node", "/app/healthcheck.mjs"]
ENTRYPOINT ["tini", "-s", "--", "node", "/app/dist/cli.js"]
CMD ["run"]
