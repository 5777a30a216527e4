"""What was found, in words."""

from typing import Any

from mmwsl.checkpoints.pretrained import INSTALL

STRUCTURE = ((0.25, 'clear'), (0.1, 'fair'), (0.03, 'weak'), (-1., 'hardly any'))  # least silhouette, and its word


def count(number: int, what: str) -> str:
    """``1 photo``, ``2 photos``."""
    return f'{number:,} {what}' if number != 1 else f'1 {what.removesuffix("s")}'


def summary(findings: dict[str, Any], silhouettes: dict[int, float], history: str, remarks: list[str]) -> list[str]:
    """Lines about the findings (see :func:`mmwsl.apis.explore`), some twenty at most.

    Args:
        findings: without ``summary``.
        silhouettes: of the numbers of groups that were tried.
        history: what the network has learned from.
        remarks: lines on labels and checks that stand at the end.
    """
    files, number = findings['files'], len(findings['files'])
    lines = [f'network:     {findings["network"]} (learned from: {history})']
    lines.append(f'groups:      {_groups(findings["group_list"], silhouettes, number)} -> groups.csv')
    for each in sorted(findings['group_list'], key=lambda each: -each['size'])[:3]:
        lines.append(f'             group {each["id"]}: {count(each["size"], "photos")}, typical: '
                     f'{files[each["typical"]]}')
    copies = findings['duplicates']
    extra = sum(len(members) - 1 for members in copies)
    lines.append('duplicates:  none' if not copies else
                 f'duplicates:  {count(len(copies), "pictures")} in several files, {count(extra, "files")} too many, '
                 f'e.g. {files[copies[0][0]]} = {files[copies[0][1]]} -> duplicates.csv')
    odd = findings['odd']
    lines.append('odd ones:    none' if not odd else f'odd ones:    {count(len(odd), "photos")}, the oddest '
                 f'{files[odd[0]["photo"]]} -> odd.csv')
    if findings['checks']:
        lines.append('checks:      ' + ', '.join(f'{len(each["photos"])} {each["kind"]}' for each in findings['checks'])
                     + ' -> checks.csv')
    lines += _labels(findings)
    if findings['skipped']:
        lines.append(f'left out:    {count(len(findings["skipped"]), "files")} that cannot be read, e.g. '
                     f'{findings["skipped"][0]["file"]} -> skipped.csv')
    return lines + [f'note:        {remark}' for remark in remarks]


def _groups(groups: list[dict[str, Any]], silhouettes: dict[int, float], photos: int) -> str:
    text = count(len(groups), 'groups')
    if not silhouettes:
        return text if len(groups) > 1 else f'{text}: too few photos to part' if photos < 15 else text
    best = max(silhouettes.values())
    return f'{text}, {next(word for least, word in STRUCTURE if best >= least)} structure (silhouette {best:.2f})'


def _labels(findings: dict[str, Any]) -> list[str]:
    if findings['accuracy'] is None:
        return []
    lines = []
    for network in dict.fromkeys(each['network'] for each in findings['accuracy']):
        rows = [each for each in findings['accuracy'] if each['network'] == network]
        figures = '   '.join(f'{each["protocol"]} {each["mean"]:5.1f} +- {each["std"]:3.1f}' for each in rows)
        lines.append(f'accuracy:    {network:<28} {figures}{"  (floor)" if rows[0]["floor"] else ""}')
    lines += did_it_help(findings['comparisons'], findings['network'])
    lines += worth(findings['comparisons'], findings['network'],
                   [each['network'] for each in findings['accuracy'] if each['floor']])
    errors = findings['label_errors']
    linear = next(each for each in findings['accuracy'] if each['protocol'].startswith('linear'))
    weak = f'errs on {100 - linear["mean"]:.0f} percent' if linear['protocol'] == 'linear' else \
        f'reaches a mean average precision of {linear["mean"]:.0f} percent'
    lines.append('labels:      none looks wrong' if not errors else f'labels:      {count(len(errors), "labels")} may '
                 f'be wrong -> label_errors.csv. The network itself {weak}: look before you change one')
    if errors:
        first = errors[0]
        lines.append(f'             the likeliest: {findings["files"][first["photo"]]}, {first["given"]}, rather '
                     f'{first["suggested"]}')
    if findings['tag_maps']:
        lines.append(f'tags:        where {count(len({each["tag"] for each in findings["tag_maps"]}), "tags")} are, in '
                     f'{count(len(findings["tag_maps"]), "photos")} -> maps/')
    return lines


def did_it_help(comparisons: list[dict[str, Any]], network: str) -> list[str]:
    """The question answered: the network against each other one, by the paired tests of both protocols."""
    lines = []
    own = [each for each in comparisons if each['network'] == network]
    for other in dict.fromkeys(each['floor'] for each in own):
        tests = [each for each in own if each['floor'] == other]
        verdicts = {_verdict(each) for each in tests}
        word = {frozenset({'better'}): 'yes, better than', frozenset({'worse'}): 'NO, worse than',
                frozenset({'even'}): 'no, not told apart from', frozenset({'better', 'even'}): 'partly, better than',
                frozenset({'worse', 'even'}): 'NO, partly worse than'}.get(frozenset(verdicts), 'mixed, against')
        figures = ', '.join(f'{each["protocol"]} {each["difference"]:+.1f} points ({_chance(each["p"])})'
                            for each in tests)
        lines.append(f'did it help? {word} {other}: {figures}')
    return lines


def worth(comparisons: list[dict[str, Any]], network: str, floors: list[str]) -> list[str]:
    """A warning where the network is told apart from a floor by no protocol: what was found is worth no more then."""
    own = [each for each in comparisons if each['network'] == network and each['floor'] in floors]
    reached = [floor for floor in dict.fromkeys(each['floor'] for each in own)
               if all(_verdict(each) != 'better' for each in own if each['floor'] == floor)]
    if not reached:
        return []
    return [f'worth:       no more than {" and ".join(reached)}: expect groups, map and odd ones to follow colors and '
            f'coarse shapes, not what is in the photos. A network that learned from many images: {INSTALL}']


def _verdict(comparison: dict[str, Any]) -> str:
    return 'even' if comparison['p'] >= 0.05 else 'better' if comparison['difference'] > 0 else 'worse'


def _chance(p: float) -> str:
    return 'p < 0.0001' if p < 1e-4 else f'p = {p:.2g}'
