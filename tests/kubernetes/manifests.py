"""Manifests as somebody writes them."""

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
