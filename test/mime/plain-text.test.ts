import { describe, expect, it } from 'vitest';
import { textFromHtml } from '../../src/mime/plain-text.ts';
import { stripMarkup } from '../../src/mime/strip-markup.ts';
import { expectProportional } from '../support/growth.ts';

describe('the text made from html', () => {
  it.each([
    ['<p>Hello</p><p>World</p>', 'Hello\n\nWorld'],
    ['a<br>b', 'a\nb'],
    ['<h1>Title</h1>text', 'Title\n\ntext'],
    ['<a href="https://a.example/x">here</a>', 'here [https://a.example/x]'],
    ['<a href="https://a.example/">https://a.example/</a>', 'https://a.example/'],
    ['<a href="mailto:a@b.example">a@b.example</a>', 'a@b.example'],
    ['<ul><li>a</li><li>b</li></ul>', ' * a\n * b'.trim()],
    ['<img src="data:image/png;base64,AAAA" alt="x">text', 'text'],
    ['<style>p{color:red}</style><script>alert(1)</script>text', 'text'],
    ['<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>', '1 2\n3'],
    ['안녕 &amp; 🎉 &lt;b&gt; &#54620;', '안녕 & 🎉 <b> 한'],
    ['', ''],
    ['<p></p>', ''],
  ])('%j', (html, text) => {
    expect(textFromHtml(html)).toBe(text);
  });

  it('the same html always gives the same text', () => {
    const html = '<div><p>a</p><table><tr><td>b</td></tr></table></div>';
    expect(textFromHtml(html)).toBe(textFromHtml(html));
  });

  it('html too deep for a tree loses its markup and no text', () => {
    expect(textFromHtml(`${'<div>'.repeat(5_000)}deep &amp; down<br>end${'</div>'.repeat(5_000)}`)).toBe(
      'deep & down\nend',
    );
  });

  it.each([
    '<ul><li><p>item ',
    '<table><tr><td>item',
    '<td><li>item ',
    '<div>item',
    '<p>item',
    '<b>item',
    '<b>item</i>',
    '<div>item</br>',
  ])('no text is lost where %j is never closed', (piece) => {
    for (const times of [30, 99, 150, 2_000])
      expect(textFromHtml(piece.repeat(times)).match(/item/g)).toHaveLength(times);
  });

  it.each([
    '<',
    '<!--',
    '<style>',
    '<script></script>',
    '<div>',
    '<b>',
    '<table><tr><td>',
    '<p>x',
    '<li>x',
    '<a href=x>',
    '&amp',
    '&amp;',
    ' ',
    '\n ',
    '</',
    '<img src="data:;">',
    'x<p ',
  ])('threats §7 r17: 2 MB of %j take time in proportion', async (piece) => {
    await expectProportional(2_000_000 / piece.length, (count) => textFromHtml(piece.repeat(count)));
  });

  it.each(['<b>', '<table><tr><td>', '<p>x', '<a href=x>y</a>', '<li>x', '<td>'])(
    'threats §7 r17: as much of %j as still goes through the tree takes time in proportion',
    async (piece) => {
      await expectProportional(19_000, (count) => textFromHtml(piece.repeat(count)));
    },
  );
});

describe('the plain strip', () => {
  it.each([
    ['<p>a  b</p>\n<p>c</p>', 'a b\nc'],
    ['a<!-- <p>b --> c', 'a c'],
    ['a<!-- open', 'a'],
    ['1 < 2 and <3', '1 < 2 and <3'],
    ['<script>alert("<p>")</script>x', 'x'],
    ['<STYLE>a</sTyLe>x', 'x'],
    ['<style>open', ''],
    ['&lt;&gt;&quot;&apos;&nbsp;&#65;&#x42;&bogus;&#xD800;&#0;', '<>"\' AB&bogus;'],
    ['<unclosed', ''],
  ])('%j', (html, text) => {
    expect(stripMarkup(html)).toBe(text);
  });
});
