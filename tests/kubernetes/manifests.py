"""Manifests as somebody writes them, and an API server to apply them to."""

from pytest_httpx import HTTPXMock

from tests.kubernetes.mutable import MutableApi
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import node
from tests.kubernetes.writable import deployment

SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
data:
  mode: new
"""
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 3}
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {greeting: hunter2-canary}
"""


def web_api(httpx_mock: HTTPXMock) -> MutableApi:
    """An API server that holds deploy/web and a node, to apply to."""
    api = MutableApi()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    offer(api)
    api.objects["deployments"] = [deployment("web")]
    api.objects["nodes"] = [node("node-1")]

    return api
