using System.Globalization;
using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>What a terminal shows after a text with the control sequences of a live screen; scrolled lines are kept.</summary>
internal sealed partial class ScreenModel
{
    private readonly int _width;
    private readonly List<char[]> _rows = [];
    private int _row, _column;
    private bool _wraps;

    /// <summary>Shows a text on an empty terminal.</summary>
    public ScreenModel(int width, string text)
    {
        _width = width;
        _rows.Add(Blank());
        foreach (Match match in Piece().Matches(text))
        {
            if (match.Groups["command"] is { Success: true, Value: var command })
                Control(command, int.TryParse(match.Groups["number"].Value, CultureInfo.InvariantCulture, out int number) ? number : null);
            else
                Put(match.Value[0]);
        }
    }

    /// <summary>The lines, without the space at their ends.</summary>
    public IReadOnlyList<string> Lines => [.. _rows.Select(row => new string(row).TrimEnd())];

    private char[] Blank() => [.. Enumerable.Repeat(' ', _width)];

    private void Control(string command, int? number)
    {
        if (command == "A")
            (_row, _wraps) = (Math.Max(0, _row - (number ?? 1)), false);
        else if (command == "K")
            Array.Fill(_rows[_row], ' ', number == 2 ? 0 : _column, number == 2 ? _width : _width - _column);
    }

    private void Put(char character)
    {
        if (character == '\r')
            (_column, _wraps) = (0, false);
        else if (character == '\n')
            Feed();
        else
        {
            // A full line takes another row when more is written.
            if (_wraps)
                Feed();
            _rows[_row][_column] = character;
            _wraps = _column == _width - 1;
            _column = Math.Min(_column + 1, _width - 1);
        }
    }

    /// <summary>A terminal begins a new line at its first column.</summary>
    private void Feed()
    {
        if (++_row == _rows.Count)
            _rows.Add(Blank());
        (_column, _wraps) = (0, false);
    }

    [GeneratedRegex(@"\x1b\[\??(?<number>[0-9]*)[0-9;]*(?<command>[A-Za-z])|.|\n", RegexOptions.CultureInvariant)]
    private static partial Regex Piece();
}
