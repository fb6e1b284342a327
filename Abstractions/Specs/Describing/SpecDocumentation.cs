namespace Orleans.Tbptt.Specs.Describing;

/// <summary>What can stand in a spec, from the declarations of its keys and choices.</summary>
public static class SpecDocumentation
{
    /// <summary>A JSON Schema, draft 7.</summary>
    public static string Schema(SpecChoices choices) => SchemaWriter.Write(Keys(choices));

    /// <summary>A table of all keys, in Markdown.</summary>
    public static string Table(SpecChoices choices) => Documentation.Table(Keys(choices));

    /// <summary>Every key of a spec.</summary>
    internal static List<KeyDescription> Keys(SpecChoices choices)
    {
        var keys = new List<KeyDescription>();
        var sections = new SpecSections(choices);
        sections.Walk(new DescribingWalk(keys), sections.Blank(""));
        return keys;
    }
}
