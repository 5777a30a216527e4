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
    parser.add_argument('--out', metavar='PICTURE', help='file for the picture (.png or .jpg)')
    parser.add_argument('--save', metavar='SCENE', help='file for the changed scene (.npz)')
    parser.add_argument('--visible', metavar='PICTURE',
                        help='file for the same changes of visible parts alone, to compare with')
    parser.add_argument('--page', action='store_true',
                        help='change the scene by hand, on a page of this machine alone (127.0.0.1); its Save button '
                             'writes what --out and --save name')
    parser.add_argument('--port', type=int, default=0, help='of the page (default: a free one)')


def run(args):
    from mmwsl.apis.scenes import rearrange, serve_page
    changes = args.changes or []
    if args.page:
        with serve_page(args.scene, args.port, out=args.out, save=args.save, changes=changes) as server:
            print(f'{server.url} shows {args.scene}; end with Ctrl-C', flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                return
    if args.out is None and args.save is None and args.visible is None:
        raise ValueError('nothing would be written; name a file with --out, --save or --visible, or ask for --page')
    _, layers = rearrange(args.scene, changes, args.out, args.save)
    if args.visible is not None:
        rearrange(args.scene, changes, args.visible, alone=True)
    print(f'{args.out or args.save or args.visible}: {len(layers.names)} objects')
