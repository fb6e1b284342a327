using System.Text;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>A token that a tokenizer finds in a text before all others.</summary>
/// <param name="Content">Its characters.</param>
/// <param name="Id">Its number.</param>
/// <param name="IsNormalized">Whether the tokenizers library looks for it only in what those without this have left.</param>
internal readonly record struct AddedToken(string Content, int Id, bool IsNormalized);

/// <summary>
/// The next Unicode scalar values of a text, up to the next added token: a piece ends there as at the end of the text. Of several added
/// tokens the one that begins first holds, and of those the longest.
/// </summary>
internal sealed class RuneWindow
{
    private readonly Utf8Runes _runes;
    private readonly ILookup<Rune, Rune[]> _contents;
    private readonly Dictionary<string, int> _ids;
    private readonly int _longest;
    private Rune[] _buffer = new Rune[1 << 12];
    private long[] _offsets = new long[1 << 12];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    // Values before this place begin no added token.
    private int _looked;
    private int? _barrier;

    /// <param name="runes">The text.</param>
    /// <param name="added">The added tokens.</param>
    public RuneWindow(Utf8Runes runes, IReadOnlyList<AddedToken> added)
    {
        _runes = runes;
        _contents = added.Select(token => token.Content.EnumerateRunes().ToArray()).OrderByDescending(content => content.Length)
            .ToLookup(content => content[0]);
        _ids = added.DistinctBy(token => token.Content).ToDictionary(token => token.Content, token => token.Id, StringComparer.Ordinal);
        _longest = added.Count == 0 ? 0 : added.Max(token => token.Content.Length);
    }

    /// <summary>The byte of the text at which the window begins.</summary>
    public long Offset => _start < _end ? _offsets[_start] : _runes.Offset;

    /// <summary>The value with a place in the window; null where the text, or the part before an added token, ends.</summary>
    public Rune? At(int place)
    {
        Look(place);
        return _start + place < (_barrier ?? _end) ? _buffer[_start + place] : null;
    }

    /// <summary>Whether the window begins with ASCII characters.</summary>
    public bool StartsWith(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (At(i)?.Value != text[i])
                return false;
        }

        return true;
    }

    /// <summary>The added token at the beginning of the window, which is passed over; null for none.</summary>
    public int? TakeAdded()
    {
        Look(0);
        if (_barrier != _start || Longest(_start) is not { } content)
            return null;
        string text = string.Concat(content);
        _start += content.Length;
        (_barrier, _looked) = (null, _start);
        return _ids[text];
    }

    /// <summary>Passes over one value.</summary>
    public void Skip() => _start++;

    /// <summary>Copies values at the beginning of the window, and passes over them.</summary>
    /// <returns>UTF-16 units.</returns>
    public int Take(int count, Span<char> destination)
    {
        int length = 0;
        for (int i = 0; i < count; i++)
            length += _buffer[_start + i].EncodeToUtf16(destination[length..]);
        _start += count;
        return length;
    }

    // Looks for added tokens up to a place, which takes what the longest of them could have behind it.
    private void Look(int place)
    {
        while (_barrier is null && _looked <= _start + place)
        {
            Fill(_looked - _start + _longest);
            if (_looked >= _end)
                return;
            if (Longest(_looked) is not null)
                _barrier = _looked;
            else
                _looked++;
        }
    }

    private Rune[]? Longest(int at) => _contents[_buffer[at]].FirstOrDefault(
        content => content.Length <= _end - at && _buffer.AsSpan(at, content.Length).SequenceEqual(content));

    // Has at least so many values and one more in the window, if the text has as many.
    private void Fill(int count)
    {
        while (!_isAtEnd && _end - _start <= count)
        {
            if (_end == _buffer.Length)
                MakeRoom();
            _offsets[_end] = _runes.Offset;
            if (_runes.TryRead(out _buffer[_end]))
                _end++;
            else
                _isAtEnd = true;
        }
    }

    private void MakeRoom()
    {
        int length = _end - _start;
        Rune[] buffer = length > _buffer.Length / 2 ? new Rune[2 * _buffer.Length] : _buffer;
        long[] offsets = length > _buffer.Length / 2 ? new long[2 * _buffer.Length] : _offsets;
        Array.Copy(_buffer, _start, buffer, 0, length);
        Array.Copy(_offsets, _start, offsets, 0, length);
        (_buffer, _offsets) = (buffer, offsets);
        _looked -= _start;
        _barrier -= _start;
        (_start, _end) = (0, length);
    }
}
