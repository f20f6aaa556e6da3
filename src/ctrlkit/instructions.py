"""What VERIFY.txt says: how to check a bundle with tools that everyone has, and what a bundle does not show."""

from __future__ import annotations

from typing import Final

_TEXT: Final = r"""
How to check this bundle without ctrlkit, and what it does not show
===================================================================

Bundle: @NAME@

This folder is a BagIt 1.0 bag. data/ holds the evidence as it was evaluated, the rules it was judged by and what came
of it. manifest-sha256.txt holds a SHA-256 digest of every file under data/, tagmanifest-sha256.txt those of the other
files beside it. Open a shell in this folder and copy the indented lines. Nothing in data/ needs to be executed, and
nothing should be.

With ctrlkit, all of the below and the results against their own counts: ctrlkit verify FOLDER


1. Nothing altered, nothing missing (Linux; on a Mac write shasum -a 256 for sha256sum). Every line must end in OK.

    sha256sum -c manifest-sha256.txt
    sha256sum -c tagmanifest-sha256.txt

2. Nothing added under data/ (Linux, Mac). Must print nothing.

    { cut -c67- manifest-sha256.txt; find data ! -type d; } | LC_ALL=C sort | uniq -u

3. The name. Must print @ID@, the end of the folder's name.

    sha256sum manifest-sha256.txt | cut -c1-8

4. Windows PowerShell, for 1 to 3. Must print @ID@ and nothing before it.

    Get-Content manifest-sha256.txt, tagmanifest-sha256.txt | ForEach-Object {
      $digest, $file = $_ -split '  ', 2
      if (-not (Test-Path -LiteralPath $file)) { "MISSING $file" }
      elseif ((Get-FileHash -Algorithm SHA256 -LiteralPath $file).Hash -ne $digest) { "ALTERED $file" }
    }
    $listed = Get-Content manifest-sha256.txt | ForEach-Object { $_.Substring(66) }
    Get-ChildItem -Path data -Recurse -File -Force | Resolve-Path -Relative | ForEach-Object {
      $file = $_.Substring(2).Replace('\', '/')
      if ($listed -cnotcontains $file) { "ADDED $file" }
    }
    (Get-FileHash -Algorithm SHA256 -LiteralPath manifest-sha256.txt).Hash.Substring(0, 8).ToLower()

5. With bagit-python (pip install bagit). Never with --fast: that compares sizes only.

    bagit.py --validate .

6. Signatures, if signatures/ is there: one file <role>.<key>.dsse.json each, role being vendor, client or auditor. You
   need the signer's public key from the signer, not from whoever gave you this bundle: a key that travels with the
   bundle proves nothing. Put the two names into the first line. Must print "Signature Verified Successfully", then
   "true"; the first says that the key's owner signed the statement, the second that it is about this very bundle.
   OpenSSL 3 or newer; keys are ECDSA P-256 or Ed25519.

    envelope=signatures/ROLE.KEY.dsse.json; key=/path/to/signer.pub; work=$(mktemp -d)
    jq -j .payload "$envelope" | openssl base64 -d -A > "$work/statement"
    jq -j '.signatures[0].sig' "$envelope" | openssl base64 -d -A > "$work/signature"
    kind=$(jq -j .payloadType "$envelope")
    printf 'DSSEv1 %d %s %d ' "${#kind}" "$kind" "$(($(wc -c < "$work/statement")))" > "$work/signed"
    cat "$work/statement" >> "$work/signed"
    openssl pkeyutl -verify -rawin -pubin -inkey "$key" -sigfile "$work/signature" -in "$work/signed"
    digest=$(sha256sum tagmanifest-sha256.txt | cut -c1-64)
    jq --arg digest "$digest" 'any(.subject[]; .name == "tagmanifest-sha256.txt" and .digest.sha256 == $digest)' \
      "$work/statement"

   The signature covers tagmanifest-sha256.txt, that file covers manifest-sha256.txt, and that one every file of data/:
   so do 1 and 2 as well. jq . "$work/statement" shows what was stated.

7. The time stamp, if signatures/tagmanifest-sha256.txt.tsr is there (RFC 3161), with the authority's certificate, got
   from the authority. Must print "Verification: OK"; the second line shows the instant.

    openssl ts -verify -data tagmanifest-sha256.txt -in signatures/tagmanifest-sha256.txt.tsr -CAfile /path/to/tsa.pem
    openssl ts -reply -in signatures/tagmanifest-sha256.txt.tsr -text | grep 'Time stamp'


What this bundle does not show
------------------------------

- That it is true. Digests and signatures show who handed over what, and that it has not changed since. A file that
  someone typed can be wrong, and signing it does not mend that. Each result names its grade: client, third_party, probe
  and export are harder to bend than typed and attested. A verdict is worth no more than its weakest source.
- That an export was complete. Rows left out before the hand-over leave no trace here. What helps: control totals,
  counts compared with a second source, and a walk-through of rows drawn by the client.
- That what is missing was in order. A control without evidence is inconclusive, not passed; a system, site or host
  that nobody named was not looked at.
- Anything outside its period and scope, or after its as-of (data/run.json).
- Who wrote it, where there is no signatures/. Whoever can change a file can write new manifests as well; then only the
  digest of manifest-sha256.txt, noted down in full elsewhere, tells the difference. The eight characters at the end of
  the name are a label: too few to withstand someone who tries until they match.
- When it was made. The times are those given to the run. Only an independent time stamp shows more.
- That it was judged by your rules. Compare data/profile, data/engagement.yaml, data/waivers.yaml and data/controls with
  your own, or judge the evidence again under them.
- People, unless clear files were put beside the evidence on purpose. Names are keyed pseudonyms; only the key's owner
  can turn them back. Pay, screening and leave were judged but are not carried unless the engagement says so, and cannot
  be judged again from this bundle alone.
- That the originals are what the vendor holds today. data/evidence/index.ndjson commits to them; its owner can show the
  original and the key, and then it can be compared.
"""


def verify_text(name: str) -> str:
    """VERIFY.txt for the bundle whose folder is called `name`, which ends in the bundle's 8 hex digits; plain ASCII."""
    return _TEXT.lstrip().replace("@NAME@", name).replace("@ID@", name[-8:])
