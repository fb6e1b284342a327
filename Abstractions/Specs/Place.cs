namespace Orleans.Tbptt.Specs;

/// <summary>Where something stands: in a file, or in the <c>--set</c> option of this number (from 1; 0 for the file).</summary>
internal readonly record struct Place(string Origin, int Line, int Column, int Option)
{
    public string Text => Option == 0 ? $"{Origin}:{Line}:{Column}" : $"--set {Show.Clean(Origin, 200)}";

    /// <summary>Sorts by the order of the document, options after it.</summary>
    public (int Option, int Line, int Column) Order => (Option, Line, Column);
}
