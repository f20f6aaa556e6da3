"""Recipes that run the checks in CI, once a month: JUnit for the build's page, the bundle as an artefact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ctrlkit.errors import InputError, did_you_mean

_ADVICE: Final = """\
{mark} Runs the checks once a month and turns red for the right reason: 1 something failed, 2 something could not be
{mark} decided. Evidence is personal data and is not in the repository: put a step before `ctrlkit run` that fetches the
{mark} month's exports into {pack}. Keep CTRLKIT_ENGAGEMENT_KEY (64 hex digits, ctrlkit keygen --kind engagement)
{mark} as a secret of the project: without it every run makes new pseudonyms, and no finding can be followed on.
"""

_GITHUB: Final = """\
name: ctrlkit
on:
  schedule:
    - cron: "17 3 2 * *"
  workflow_dispatch: {{}}
permissions:
  contents: read
jobs:
  ctrlkit:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: python -m pip install "ctrlkit=={version}"
      # - run: fetch this month's exports into {pack}
      - run: ctrlkit run --junit junit.xml --markdown "$GITHUB_STEP_SUMMARY"
        env:
          CTRLKIT_ENGAGEMENT_KEY: ${{{{ secrets.CTRLKIT_ENGAGEMENT_KEY }}}}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: ctrlkit
          path: |
            junit.xml
            runs/
"""

_GITLAB: Final = """\
# The schedule stands under Build > Pipeline schedules: 17 3 2 * *
ctrlkit:
  image: python:3.12-slim
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
    - if: $CI_PIPELINE_SOURCE == "web"
  script:
    - python -m pip install "ctrlkit=={version}"
    # - fetch this month's exports into {pack}
    - ctrlkit run --junit junit.xml
  artifacts:
    when: always
    access: developer
    expire_in: 13 months
    paths: [junit.xml, runs/]
    reports:
      junit: junit.xml
"""

_AZURE: Final = """\
trigger: none
schedules:
  - cron: "17 3 2 * *"
    displayName: monthly
    branches: {{include: [main]}}
    always: true
pool:
  vmImage: ubuntu-latest
steps:
  - task: UsePythonVersion@0
    inputs: {{versionSpec: "3.12"}}
  - script: python -m pip install "ctrlkit=={version}"
  # - script: fetch this month's exports into {pack}
  - script: ctrlkit run --junit junit.xml
    env:
      CTRLKIT_ENGAGEMENT_KEY: $(CTRLKIT_ENGAGEMENT_KEY)
  - task: PublishTestResults@2
    condition: always()
    inputs: {{testResultsFormat: JUnit, testResultsFiles: junit.xml, failTaskOnMissingResultsFile: true}}
  - publish: runs
    artifact: ctrlkit
    condition: always()
"""

_JENKINS: Final = """\
pipeline {{
  agent {{ docker {{ image 'python:3.12-slim' }} }}
  triggers {{ cron('H 3 2 * *') }}
  environment {{ CTRLKIT_ENGAGEMENT_KEY = credentials('ctrlkit-engagement-key') }}
  stages {{
    stage('ctrlkit') {{
      steps {{
        sh 'python -m venv .venv && .venv/bin/pip install "ctrlkit=={version}"'
        // fetch this month's exports into {pack}
        sh '.venv/bin/ctrlkit run --junit junit.xml'
      }}
    }}
  }}
  post {{
    always {{
      junit 'junit.xml'
      archiveArtifacts artifacts: 'junit.xml, runs/**', allowEmptyArchive: true
    }}
  }}
}}
"""

_RECIPES: Final[Mapping[str, tuple[str, str, str]]] = {
    "github": (".github/workflows/ctrlkit.yml", "#", _GITHUB),
    "gitlab": (".gitlab-ci.yml", "#", _GITLAB),
    "azure": ("azure-pipelines.yml", "#", _AZURE),
    "jenkins": ("Jenkinsfile", "//", _JENKINS),
}
SERVICES: Final = tuple(_RECIPES)


def recipe(service: str, version: str, pack: str) -> tuple[str, str]:
    """Where the recipe of a CI service lies in the folder, and its text; `pack` is the folder of the evidence.

    Raises InputError for a service without recipe.
    """
    if service not in _RECIPES:
        near = did_you_mean(service, _RECIPES)
        raise InputError(f"--ci {service}: there is no such recipe; expected one of {', '.join(_RECIPES)}{near}")
    file, mark, text = _RECIPES[service]
    return file, (_ADVICE + text).format(mark=mark, version=version, pack=pack)
