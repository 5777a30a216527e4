"""``mmwsl rearrange``."""

import argparse

SUMMARY = 'Compose a scene that was taken apart anew: delete, shift and place objects, change their order.'
EXAMPLE = 'mmwsl rearrange scene.npz --delete 0 --shift 1 20 -5 --front 2 --out picture.png'


class _Change(argparse.Action):
    """Keeps the changes of all options in the order in which they are typed."""

    def __call__(self, parser, namespace, values, option_string=None):
        namespace.changes = [*(namespace.changes or []), (option_string.lstrip('-'), tuple(values))]


def add_arguments(parser):
    parser.add_argument('scene', help='file that mmwsl decompose wrote')
    parser.set_defaults(changes=None)
    for name, count, metavar, text in (
            ('delete', '+', 'OBJECT', 'leave objects out; they are numbered from 0'),
            ('front', 1, 'OBJECT', 'put an object in front of all others'),
            ('swap', 2, ('OBJECT', 'OBJECT'), 'turn the order of two objects around'),
            ('shift', 3, ('OBJECT', 'DX', 'DY'), 'move an object by pixels, to the right and down'),
            ('place', 3, ('OBJECT', 'X', 'Y'), 'move the center of an object to a pixel')):
        parser.add_argument(f'--{name}', nargs=count, type=int, metavar=metavar, action=_Change, help=text,
                            dest='changes', default=argparse.SUPPRESS)
    parser.add_argument('--out', required=True, metavar='PICTURE', help='file for the picture (.png or .jpg)')
    parser.add_argument('--save', metavar='SCENE', help='file for the changed scene (.npz)')


def run(args):
    from mmwsl.apis.scenes import rearrange
    _, layers = rearrange(args.scene, args.changes or [], args.out, args.save)
    print(f'{args.out}: {len(layers.names)} objects')
