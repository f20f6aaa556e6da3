"""Recipes that judge the vendor's handover in CI, once a month: a summary, annotations, JUnit, the bundle kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ctrlkit.errors import InputError, did_you_mean

WORST: Final = (
    '[inputs | select(.verdict == ("failed", "inconclusive", "error"))] | sort_by('
    "{critical: 0, high: 1, medium: 2, low: 3}[.severity]) | .[:10][]"
)
"""jq, over lines of results.ndjson with -n: the ten worst of what is not in order; GitHub shows ten of a step."""
_GITHUB_NOTE: Final = (
    '"::error title=\\(.control) \\(.verdict)::" + ("\\(.subject): \\(.reason)"'
    ' | gsub("%"; "%25") | gsub("\\r"; "%0D") | gsub("\\n"; "%0A"))'
)
_AZURE_NOTE: Final = (
    '"##vso[task.logissue type=error]" + ("\\(.control) \\(.verdict), \\(.subject): \\(.reason)"'
    ' | gsub("%"; "%AZP25") | gsub("\\r"; "%0D") | gsub("\\n"; "%0A"))'
)
ANNOTATE: Final[Mapping[str, str]] = {
    "github": f"{WORST} | {_GITHUB_NOTE}",
    "azure": f"{WORST} | {_AZURE_NOTE}",
}
"""CI service -> the jq program that turns results into annotations of its log."""

FETCH: Final = "import os, urllib.request as u; u.urlretrieve(os.environ['HANDOVER_URL'], 'handover.zip')"
"""Python, since slim images hold no curl."""

_ADVICE: Final = """\
{mark} Judges the vendor's handover once a month. Made by ctrlkit init; it is yours to change.
{mark}
{mark} The job's exit code: 0 all decided, nothing failed · 1 something failed · 2 something could not be decided
{mark} 3 the handover, a document or an option is wrong · 4 nothing to decide · 5 a fault of ctrlkit. Only 0 is green.
{mark}
{mark} It needs one secret, HANDOVER_URL: where the vendor puts the handover, as a zip of its folder (a link that holds
{mark} for a short time is best). The vendor makes it on its own machine with ctrlkit handover: exports, names and the
{mark} engagement key never come here. Evidence is neither committed nor cached; who may read this project may read the
{mark} bundle and the summary, so keep the project private.
"""

_GITHUB: Final = """\
name: ctrlkit
on:
  schedule:
    - cron: "17 3 2 * *"
  workflow_dispatch: {{}}
permissions:
  contents: read
concurrency: ctrlkit
jobs:
  ctrlkit:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: python -m pip install "ctrlkit=={version}"
      - name: Fetch the handover
        env:
          HANDOVER_URL: ${{{{ secrets.HANDOVER_URL }}}}
        run: python -c "{fetch}" || exit 3
      # Once you have the vendor's key by another way, commit it and check the signature as well:
      # - run: ctrlkit verify handover.zip --vendor-key vendor.pub
      - name: Judge it
        run: |
          # What it prints holds words of the vendor: none of them is a command to the runner.
          token=$(openssl rand -hex 16)
          echo "::stop-commands::$token"
          trap 'echo "::$token::"' EXIT
          ctrlkit run handover.zip --profile {profile} --junit junit.xml --markdown "$GITHUB_STEP_SUMMARY"
      - name: Annotate the ten worst
        if: ${{{{ !cancelled() && hashFiles('runs/latest') != '' }}}}
        run: |
          jq -rn '{annotate}' \\
            "runs/$(cat runs/latest)/data/results/results.ndjson"
      - uses: actions/upload-artifact@v4
        if: ${{{{ !cancelled() }}}}
        with:
          name: ctrlkit
          retention-days: 90
          if-no-files-found: ignore
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
  timeout: 1 hour
  script:
    - python -m pip install "ctrlkit=={version}"
    - python -c "{fetch}" || exit 3
    # Once you have the vendor's key by another way, commit it and check the signature as well:
    # - ctrlkit verify handover.zip --vendor-key vendor.pub
    - ctrlkit run handover.zip --profile {profile} --junit junit.xml --markdown summary.md
  after_script:
    - rm -f handover.zip
  artifacts:
    when: always
    access: developer
    expire_in: 90 days
    paths: [junit.xml, summary.md, runs/]
    reports:
      junit: junit.xml
"""

_AZURE: Final = """\
trigger: none
schedules:
  - cron: "17 3 2 * *"
    displayName: monthly
    branches: {{include: [main]}}
    always: "true"
pool:
  vmImage: ubuntu-latest
steps:
  - checkout: self
    persistCredentials: "false"
  - task: UsePythonVersion@0
    inputs: {{versionSpec: "3.12"}}
  - script: python -m pip install "ctrlkit=={version}"
  - script: python -c "{fetch}" || exit 3
    displayName: Fetch the handover
    env:
      HANDOVER_URL: $(HANDOVER_URL)
  # Once you have the vendor's key by another way, commit it and check the signature as well:
  # - script: ctrlkit verify handover.zip --vendor-key vendor.pub
  # What it prints holds words of the vendor, and the agent takes words of its log for commands: so it goes to a file.
  - script: ctrlkit run handover.zip --profile {profile} --junit junit.xml --markdown summary.md > run.txt 2>&1
    displayName: Judge it
  - script: |
      test -f runs/latest || {{ echo "##vso[task.logissue type=error]nothing was judged: see run.txt"; exit 0; }}
      echo "##vso[task.uploadsummary]$PWD/summary.md"
      jq -rn '{annotate}' \\
        "runs/$(cat runs/latest)/data/results/results.ndjson"
    displayName: Summary, and the ten worst
    condition: always()
  - task: PublishTestResults@2
    condition: always()
    inputs: {{testResultsFormat: JUnit, testResultsFiles: junit.xml, failTaskOnMissingResultsFile: true}}
  - script: mkdir -p kept && for one in run.txt summary.md runs; do test ! -e $one || cp -r $one kept; done
    condition: always()
  - publish: kept
    artifact: ctrlkit
    condition: always()
"""

_JENKINS: Final = """\
pipeline {{
  agent {{ docker {{ image 'python:3.12-slim' }} }}
  options {{
    timeout(time: 1, unit: 'HOURS')
    buildDiscarder(logRotator(daysToKeepStr: '90'))
  }}
  triggers {{ cron('H 3 2 * *') }}
  environment {{
    HANDOVER_URL = credentials('handover-url')
    HOME = "${{WORKSPACE}}"
  }}
  stages {{
    stage('ctrlkit') {{
      steps {{
        sh 'python -m venv .venv && .venv/bin/pip install "ctrlkit=={version}"'
        sh '''python -c "{fetch}" || exit 3'''
        // Once you have the vendor's key by another way, commit it and check the signature as well:
        // sh '.venv/bin/ctrlkit verify handover.zip --vendor-key vendor.pub'
        sh '.venv/bin/ctrlkit run handover.zip --profile {profile} --junit junit.xml --markdown summary.md'
      }}
    }}
  }}
  post {{
    always {{
      junit 'junit.xml'
      archiveArtifacts artifacts: 'junit.xml, summary.md, runs/**', allowEmptyArchive: true
    }}
    cleanup {{
      deleteDir()
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


def recipe(service: str, version: str, profile: str) -> tuple[str, str]:
    """Where the recipe of a CI service lies in the folder, and its text; `profile` is the client's, by name.

    Raises InputError for a service without recipe.
    """
    if service not in _RECIPES:
        near = did_you_mean(service, _RECIPES)
        raise InputError(f"--ci {service}: there is no such recipe; expected one of {', '.join(_RECIPES)}{near}")
    file, mark, text = _RECIPES[service]
    words = {
        "mark": mark,
        "version": version,
        "profile": profile,
        "fetch": FETCH,
        "annotate": ANNOTATE.get(service, ""),
    }
    return file, (_ADVICE + text).format(**words)
