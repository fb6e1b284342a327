using System.Text;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>What the normalizer of a <c>tokenizer.json</c> does before words are parted; nothing by default.</summary>
internal sealed record BertNormalizer
{
    // Marks that wait for those which belong before them.
    private readonly List<Rune> _marks = [];

    /// <summary>Whether control characters are removed, and white space becomes blanks.</summary>
    public bool CleansText { get; init; }

    /// <summary>Whether each Chinese character is a word of its own.</summary>
    public bool PartsChinese { get; init; }

    /// <summary>Whether letters lose their accents.</summary>
    public bool StripsAccents { get; init; }

    /// <summary>Whether letters become lowercase.</summary>
    public bool Lowers { get; init; }

    /// <summary>Takes the next Unicode scalar value of a text, and adds what is known of the normalized text.</summary>
    public void Add(Rune rune, List<Rune> to)
    {
        var tables = BertCharacters.Tables;
        if (CleansText)
        {
            if (!rune.IsAscii || rune.Value < ' ' || rune.Value == '\x7f')
            {
                if (tables.Removed.Find(rune) is not null)
                    return;
                if (Rune.IsWhiteSpace(rune))
                    rune = new(' ');
            }
        }

        bool isParted = PartsChinese && !rune.IsAscii && tables.Chinese.Find(rune) is not null;
        if (isParted)
            Strip(new(' '), to);
        Strip(rune, to);
        if (isParted)
            Strip(new(' '), to);
    }

    /// <summary>Ends a text, and adds the rest of it.</summary>
    public void End(List<Rune> to)
    {
        foreach (Rune mark in _marks)
            Lower(mark, to);
        _marks.Clear();
    }

    private void Strip(Rune rune, List<Rune> to)
    {
        var tables = BertCharacters.Tables;
        if (!StripsAccents || rune.IsAscii)
        {
            Keep(rune, 0, to);
            return;
        }

        if (tables.PartsMarks(rune))
            End(to);
        foreach (Rune left in tables.Stripped(rune))
            Keep(left, tables.OrderOf(left), to);
    }

    private void Keep(Rune rune, int order, List<Rune> to)
    {
        if (order == 0)
        {
            End(to);
            Lower(rune, to);
            return;
        }

        int place = _marks.Count;
        while (place > 0 && BertCharacters.Tables.OrderOf(_marks[place - 1]) > order)
            place--;
        _marks.Insert(place, rune);
    }

    private void Lower(Rune rune, List<Rune> to)
    {
        if (Lowers)
            BertCharacters.Tables.AddLower(rune, to);
        else
            to.Add(rune);
    }
}
