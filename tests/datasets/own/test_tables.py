"""Tables of labels: the four kinds, what spreadsheets make of them, and every way they contradict the photos."""

import sys
import types

import pytest
from own_photos import names, write_mask, write_photo

from mmwsl.datasets.own import check_sizes, read_own_data, split_positions


@pytest.fixture
def photos(tmp_path):
    """Four photos of 30 x 20 pixels, two of them in a folder."""
    for name in ('a.jpg', 'b.JPG', 'in/c.png', 'in/d e.jpg'):
        write_photo(tmp_path / name)
    return tmp_path


def read(folder, text, name='labels.csv', **kwargs):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_own_data(folder / name, **kwargs)


def test_names_of_tags_in_a_cell(photos):
    records = read(photos, 'file,tags\na.jpg,cat;dog\nb.JPG,dog\nin/c.png,\n"in/d e.jpg", cat ; bird\n')
    assert records.classes == ['bird', 'cat', 'dog'] and names(records) == ['a.jpg', 'b.JPG', 'c.png', 'd e.jpg']
    assert records.tags.tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0], [1, 1, 0]]
    assert records.kinds() == ['tags'] and not any(records.parts)


@pytest.mark.parametrize('text', [
    b'\xef\xbb\xbfFile,Tags\na.jpg,cat\nb.JPG,dog\n',  # BOM, capitals
    b'photo;labels\r\na.jpg;cat\r\n\r\nb.JPG;dog\r\n',  # Excel in most of Europe
    b'image_path\tclass\n./a.jpg\tcat\nb.JPG\tdog\n',
    'filename,label\n.\\a.jpg,cat\nC:\\Users\\me\\b.jpg,dog\n'.encode('utf-16'),
    b',Image Name,category\n0,a,cat\n1,b,dog\n',  # pandas' numbers of rows; no ending
    b'file,tags,\na.jpg,cat,\nb.JPG,dog,\n'])
def test_what_spreadsheets_write(photos, text):
    records = read(photos, text)
    assert names(records) == ['a.jpg', 'b.JPG'] and records.classes == ['cat', 'dog']
    assert records.tags.tolist() == [[1, 0], [0, 1]] and records.one_class_each and records.remarks == []


def test_numbers_as_names(photos):
    records = read(photos, 'file,label\na.jpg,10\nb.JPG,9\nin/c.png,x\n')
    assert records.classes == ['9', '10', 'x']


def test_rows_of_a_photo_add_up(photos):
    records = read(photos, 'file,tag\na.jpg,cat\n./a.jpg,dog\nb.JPG,dog\n')
    assert names(records) == ['a.jpg', 'b.JPG'] and records.tags.tolist() == [[1, 1], [0, 1]]


def test_a_column_a_tag(photos):
    records = read(photos, 'file,zebra,mask,left\na.jpg,1,0,0\nb.JPG,0.0,TRUE,0\nin/c.png,-1,,0\na.jpg,0,1,0\n')
    assert records.classes == ['zebra', 'mask', 'left']
    assert records.tags.tolist() == [[1, 1, 0], [0, 1, 0], [-1, -1, 0]]
    assert records.remarks == ['1 of 3 classes are on no photo: left']
    with pytest.raises(ValueError, match="row 2: the column 'zebra' holds 'big'.*one column `tags`"):
        read(photos, 'file,zebra\na.jpg,big\n')
    with pytest.raises(ValueError, match='a column stands twice'):
        read(photos, 'file,zebra,zebra\na.jpg,1,1\n')


def test_boxes(photos):
    """Two boxes, one photo that says it has none, and one with its size."""
    records = read(photos, 'file,class,xmin,ymin,xmax,ymax,width,height\na.jpg,cat,1,2,11,12,30,20\n'
                           'a.jpg,dog,0,0,30,20,30,20\nb.JPG,,,,,,,\nin/c.png,dog,3,3,4.5,4,,\n')
    first, empty, last = records.annotations
    assert first['boxes'].tolist() == [[1, 2, 11, 12], [0, 0, 30, 20]] and first['box_labels'].tolist() == [0, 1]
    assert first['size'] == (30, 20) and last['size'] is None and empty['boxes'].shape == (0, 4)
    assert records.tags.tolist() == [[1, 1], [0, 0], [0, 1]] and records.kinds() == ['tags', 'boxes']
    check_sizes(records)


@pytest.mark.parametrize(('row', 'message'), [
    ('a.jpg,cat,1,2,11', 'row 2: 5 cells, but the heading has 6 columns'),
    ('a.jpg,cat,1,2,x,4', "row 2: xmax is 'x', which is no number"),
    ('a.jpg,cat,1,2,inf,4', "row 2: xmax is 'inf', which is no number"),
    ('a.jpg,,1,2,3,4', 'row 2: the box has no class'),
    ('a.jpg,cat,10,10,5,12', 'row 2: the box 10, 10, 5, 12 has no extent.*not width and height'),
    ('a.jpg,cat,0.1,0.2,0.5,0.9', 'shares of the photo; give them in pixels'),
    ('a.jpg,,,,,', 'no photo has a label; fill in its boxes')])
def test_boxes_that_cannot_be_used(photos, row, message):
    with pytest.raises(ValueError, match=message):
        read(photos, f'file,class,xmin,ymin,xmax,ymax\n{row}\n')


def test_boxes_of_another_photo_size(photos):
    records = read(photos, 'file,class,xmin,ymin,xmax,ymax\na.jpg,cat,1,2,300,200\nb.JPG,cat,1,2,3,4\n')
    with pytest.raises(ValueError, match=r'1 of 2 photos do not fit.*\n.*a.jpg.*cat in row 2.*30 x 20'):
        check_sizes(records)
    records = read(photos, 'file,class,xmin,ymin,xmax,ymax,width,height\na.jpg,cat,1,2,3,4,640,480\n')
    with pytest.raises(ValueError, match='a.jpg has 30 x 20 pixels, but .*labels.csv says 640 x 480'):
        check_sizes(records)
    with pytest.raises(ValueError, match='a.jpg has 31 x 20 pixels here and 30 x 20 in an earlier row'):
        read(photos, 'file,class,xmin,ymin,xmax,ymax,width,height\na.jpg,cat,1,2,3,4,30,20\na.jpg,cat,1,2,3,4,31,20\n')


def test_masks(photos):
    for name in 'ab':
        write_mask(photos / 'masks' / f'{name}.png', 0, 7, 9)
    records = read(photos, 'image,mask,split\na.jpg,masks/a.png,train\nb.JPG,b.png,val\n')
    assert records.classes == ['class 7', 'class 9'] and records.map_values == {7: 1, 9: 2}
    assert records.parts == ['train', 'test'] and records.tags.tolist() == [[1, 1], [1, 1]]
    with pytest.raises(ValueError, match='row 3: a.jpg has the mask .*a.png already'):
        read(photos, 'image,mask\na.jpg,masks/a.png\na.jpg,masks/b.png\n')
    with pytest.raises(FileNotFoundError, match='1 of 1 photos that it names do not exist: masks/z.png'):
        read(photos, 'image,mask\na.jpg,masks/z.png\n')


def test_split(photos):
    records = read(photos, 'file,tags,split\na.jpg,cat,train\nb.JPG,cat,Val\nin/c.png,dog,\n"in/d e.jpg",dog,test\n')
    assert records.parts == ['train', 'test', None, 'test']
    assert split_positions(records) == dict(train=[0, 2], test=[1, 3])
    with pytest.raises(ValueError, match="row 2: split is 'holdout'; it must be train, val or test"):
        read(photos, 'file,tags,split\na.jpg,cat,holdout\n')
    with pytest.raises(ValueError, match='row 3: a.jpg is of test here, and of train in an earlier row'):
        read(photos, 'file,tags,split\na.jpg,cat,train\na.jpg,dog,test\n')
    records = read(photos, 'file,tags,split\na.jpg,cat,train\nb.JPG,dog,test\n')
    with pytest.raises(ValueError, match='only photos of the test have the classes dog'):
        split_positions(records)


def test_files_that_are_absent(photos):
    rows = ''.join(f'gone{number}.jpg,cat\n' for number in range(8))
    with pytest.raises(FileNotFoundError, match=r'8 of 9 photos that it names do not exist: gone0.jpg, gone1.jpg, '
                                                r'gone2.jpg, gone3.jpg, gone4.jpg, ... \(3 more\); looked for in'):
        read(photos, f'file,tags\na.jpg,cat\n{rows}')
    with pytest.raises(FileNotFoundError, match='1 of 2 photos that it names do not exist: nothing in row 3'):
        read(photos, 'file,tags\na.jpg,cat\n,dog\n')
    # of two names that could only mean one photo, one is absent
    with pytest.raises(FileNotFoundError, match='1 of 2 photos .*: y/a.jpg'):
        read(photos, 'file,tags\nx/a.jpg,cat\ny/a.jpg,dog\n')


@pytest.mark.parametrize(('content', 'message'), [
    (b'', 'is empty'), (b'\n \n', 'is empty'), (b'file,tags\n', 'has no rows below its heading'),
    (b'a.jpg,cat\nb.JPG,dog\n', 'no column `file`, but a.jpg, cat; give it a heading, as in `file,tags`'),
    (b'name,tags\na.jpg,cat\n', 'no column `file`, but name, tags; name the column'),
    (b'file,tags\na.jpg,cat,dog\n', 'row 2: 3 cells, but the heading has 2 columns'),
    (b'file,tags\na.jpg,\n', 'no photo has a label; fill in its tags'),
    (b'\x89PNG\0\0\0\1', 'is no text; save it as CSV'),
    (b'file,xmin,ymin,class\na.jpg,1,1,cat\n', 'there is only xmin, ymin'),
    (b'file,xmin,ymin,xmax,ymax\na.jpg,1,1,2,2\n', 'boxes need a column `class`')])
def test_tables_that_cannot_be_read(photos, content, message):
    with pytest.raises(ValueError, match=message):
        read(photos, content)


def test_list_of_photos(photos):
    records = read(photos, 'file,split\na.jpg,train\nb.JPG,test\n')
    assert records.tags is None and records.parts == ['train', 'test'] and records.kinds() == []


def test_folders_with_tables(photos):
    """The one table of a folder is found; a part's own too; columns that are not used are told."""
    (photos / 'labels.csv').write_text('file,tags,author\na.jpg,cat,me\nb.JPG,dog,you\n')
    (photos / 'prices.csv').write_text('item,price\nhat,3\n')
    records = read_own_data(photos)
    assert records.form == 'CSV of tags' and records.remarks == ['labels.csv: the columns author are not used']
    (photos / 'more.csv').write_text('file,tags\na.jpg,cat\n')
    with pytest.raises(ValueError, match='2 files of labels .labels.csv, more.csv., and their names do not say'):
        read_own_data(photos)
    for part in ('train', 'valid'):
        write_photo(photos / 'parts' / part / '1.jpg')
        (photos / 'parts' / part / '_classes.csv').write_text('filename, cat, dog\n1.jpg, 1, 0\n')
    records = read_own_data(photos / 'parts')
    assert records.parts == ['train', 'test'] and records.tags.tolist() == [[1, 0], [1, 0]]


def test_parquet(photos, monkeypatch):
    """Without pyarrow it says so; with it, cells are those of a CSV. The library itself is a stand-in here."""
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    monkeypatch.setitem(sys.modules, 'pyarrow.parquet', None)
    with pytest.raises(ValueError, match='needs pyarrow; pip install pyarrow'):
        read(photos, b'PAR1', 'labels.parquet')

    class Column(list):
        to_pylist = list.copy

    table = types.SimpleNamespace(column_names=['file', 'tags'], columns=[Column(['a.jpg', 'b.JPG']), Column(
        [['cat', 'dog'], None])])
    fake = types.ModuleType('pyarrow')
    fake.ArrowException = RuntimeError
    fake.parquet = types.SimpleNamespace(read_table=lambda path: table)
    monkeypatch.setitem(sys.modules, 'pyarrow', fake)
    monkeypatch.setitem(sys.modules, 'pyarrow.parquet', fake.parquet)
    assert read(photos, b'PAR1', 'labels.parquet').tags.tolist() == [[1, 1], [0, 0]]
    table.columns = [Column([dict(bytes=b'JPEG', path='a.jpg'), None]), Column(['cat', 'dog'])]
    with pytest.raises(ValueError, match='file holds photos themselves, or other bytes; write them into files'):
        read(photos, b'PAR1', 'labels.parquet')
