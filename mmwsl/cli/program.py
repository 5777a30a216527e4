"""The parser of all commands, and what runs the one that is asked for."""

import argparse
import difflib
import os
import re
import sys
import warnings

import mmwsl

from . import (
    animate,
    assignment_sheet,
    benchmark,
    caption_tags,
    check,
    cluster,
    configs,
    convert,
    cut_out,
    decompose,
    decompose_set,
    explore,
    export,
    extract,
    flow,
    four_steps,
    generate,
    hidden_robustness,
    info,
    label_cost,
    maps,
    mask_sheet,
    masks,
    motion,
    occlusion,
    overlays,
    predict,
    prepare,
    proposals,
    pseudo_boxes,
    rearrange,
    report,
    restore,
    suite,
    test,
    throughput,
    train,
    weak_masks,
)
from . import list as listing

# each module has SUMMARY, EXAMPLE, add_arguments(parser) and run(args)
GROUPS = {
    'train and evaluate': {'train': train, 'test': test, 'benchmark': benchmark, 'suite': suite,
                           'four-steps': four_steps, 'hidden-robustness': hidden_robustness,
                           'label-cost': label_cost, 'throughput': throughput},
    'look': {'explore': explore, 'cluster': cluster, 'predict': predict, 'report': report, 'overlays': overlays,
             'animate': animate, 'cut-out': cut_out, 'mask-sheet': mask_sheet, 'assignment-sheet': assignment_sheet,
             'generate': generate, 'restore': restore},
    'data': {'check': check, 'prepare': prepare, 'proposals': proposals, 'extract': extract, 'flow': flow,
             'motion': motion, 'pseudo-boxes': pseudo_boxes, 'maps': maps, 'masks': masks,
             'weak-masks': weak_masks, 'caption-tags': caption_tags},
    'scenes': {'decompose': decompose, 'decompose-set': decompose_set, 'rearrange': rearrange, 'occlusion': occlusion},
    'hand on': {'export': export, 'convert': convert},
    'names': {'list': listing, 'info': info, 'configs': configs},
}


class Parser(argparse.ArgumentParser):
    """argparse's parser, with the nearest names in what it says of unknown commands, choices and options."""

    def parse_args(self, args=None, namespace=None):
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            option, _, _ = next((each for each in unknown if each.startswith('-')), '').partition('=')
            self.error(f'unrecognized arguments: {" ".join(unknown)}'
                       + _hint(option, self._commands.choices[parsed.command].options))
        return parsed

    def add_commands(self, **settings):
        """``add_subparsers``, remembered: it is a command that has the options."""
        self._commands = self.add_subparsers(**settings)
        return self._commands

    @property
    def options(self):
        """Options, as they are typed, without those that the help does not show and older names with ``_``."""
        return [name for action in self._actions if action.help != argparse.SUPPRESS
                for name in action.option_strings if '_' not in name]

    def error(self, message):
        choice = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        super().error(message + (_hint(choice[1], re.findall(r'[\w.:-]+', choice[2])) if choice else ''))


def _hint(name, known):
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f'; did you mean {near[0]}?' if near else ''


def _overview():
    """The commands under their headings, one a line."""
    groups = (f'{heading}:\n' + ''.join(f'  {name:<18} {module.SUMMARY}\n' for name, module in modules.items())
              for heading, modules in GROUPS.items())
    return '\n'.join([mmwsl.__doc__, '', *groups, 'mmwsl COMMAND --help: the options of a command, and an example.'])


def build_parser():
    """The parser of every command."""
    # the overview takes the place of argparse's own list, which has no headings; hence the usage is spelled out
    parser = Parser(prog='mmwsl', usage='mmwsl [-h] [--version] COMMAND ...', description=_overview(),
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--version', action='version', version=mmwsl.__version__)
    commands = parser.add_commands(dest='command', required=True, prog='mmwsl', metavar='COMMAND',
                                   help=argparse.SUPPRESS)
    for modules in GROUPS.values():
        for name, module in modules.items():
            command = commands.add_parser(name, description=module.SUMMARY, epilog=f'example:\n  {module.EXAMPLE}',
                                          formatter_class=argparse.RawDescriptionHelpFormatter)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


def _is_for_the_user(error):
    """Whether mmwsl itself raised a RuntimeError or ImportError, or a config gave a class an argument it lacks."""
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    ours = last.tb_frame.f_code.co_filename.startswith(os.path.dirname(mmwsl.__file__))
    return 'unexpected keyword argument' in str(error) or (isinstance(error, (RuntimeError, ImportError)) and ours)


def main(arguments=None):
    """Run a command; returns the exit code. What the user can mend is one line, not a traceback."""
    args = build_parser().parse_args(arguments)
    # Python hides these from users of a program; here they say what of a config or a plugin goes with the next release
    warnings.filterwarnings('default', category=DeprecationWarning, module=r'mmwsl\b')
    try:
        if not {'', os.getcwd()} & set(sys.path):  # for custom_imports; last, so that it hides nothing
            sys.path.append(os.getcwd())
        args.run(args)
        if 'torch' in sys.modules:  # otherwise there is no group, and no reason to wait for the import
            from mmwsl.dist import leave_process_group
            leave_process_group()
    except (OSError, ValueError, KeyError, FloatingPointError, SyntaxError, TypeError, RuntimeError,
            ImportError) as error:
        if isinstance(error, (TypeError, RuntimeError, ImportError)) and not _is_for_the_user(error):
            raise
        import logging
        logging.getLogger('mmwsl').debug('', exc_info=True)
        if os.environ.get('MMWSL_TRACEBACK'):
            raise
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        print(f'mmwsl {args.command}: {type(error).__name__}: {text}\n(MMWSL_TRACEBACK=1 shows where)', file=sys.stderr)
        return 1
    return 0
