using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Sweeps.Strategies;

namespace Orleans.Tbptt.Sweeps;

/// <summary>What can stand in a sweep's file, from the declarations that its reader goes by.</summary>
public static class SweepDocumentation
{
    private const string Parameter = "parameter", Spec = "spec";

    /// <summary>A JSON Schema, draft 7.</summary>
    /// <param name="choices">What the spec that is varied can choose from.</param>
    public static string Schema(SpecChoices choices)
    {
        var spec = SpecDocumentation.Keys(choices);
        var keys = new List<KeyDescription>();
        SweepSections.Walk(new DescribingWalk(keys), SweepSections.Blank(""));
        var sweep = SchemaWriter.Section(keys);
        var (properties, required) = (sweep["properties"]!.AsObject(), sweep["required"]!.AsArray());
        properties[SweepSections.Spec] = new JsonObject
        {
            ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, Reference(Spec)),
            ["description"] = "the spec that is varied: its file, relative to this one, or a run spec as a section",
        };
        properties[SweepSections.Parameters] = Parameters(spec);
        foreach (string key in (string[])[SweepSections.Spec, SweepSections.Parameters])
            required.Add(key);
        sweep["definitions"] = new JsonObject { [Spec] = SchemaWriter.Section(spec), [Parameter] = Values() };
        return SchemaWriter.Write("A sweep of tbptt", sweep);
    }

    /// <summary>
    /// The keys of the spec, so that editors complete them. Others may be there, because a part of a spec has names of the user's own.
    /// </summary>
    private static JsonObject Parameters(IReadOnlyList<KeyDescription> spec)
    {
        string kept = $"^({string.Join('|', SweepChecks.Kept.Select(Regex.Escape))})(\\.|$)";
        var properties = new JsonObject();
        foreach (var (key, about) in Dotted(spec, "").Where(one => !Regex.IsMatch(one.Key, kept)).DistinctBy(one => one.Key))
            properties[key] = new JsonObject { ["allOf"] = new JsonArray(Reference(Parameter)), ["description"] = about };
        return new()
        {
            ["type"] = "object", ["minProperties"] = 1, ["properties"] = properties,
            ["patternProperties"] = new JsonObject { [kept] = false },
            ["additionalProperties"] = Reference(Parameter),
            ["description"] = "keys of the spec, each with its values",
        };
    }

    /// <summary>Every key of a section and of the sections below it, in dots.</summary>
    private static IEnumerable<(string Key, string About)> Dotted(IEnumerable<KeyDescription> keys, string section)
    {
        foreach (var key in keys)
        {
            string name = section + key.Name;
            yield return (name, Documentation.Of(key).Replace("`", "", StringComparison.Ordinal));
            foreach (var below in Dotted([.. key.Keys, .. key.Choices.SelectMany(choice => choice.Keys)], $"{name}."))
                yield return below;
        }
    }

    private static JsonObject Values() => new() { ["anyOf"] = new JsonArray([List(), .. SweepRangeForm.All.Select(Values)]) };

    private static JsonObject Values(SweepRangeForm form)
    {
        var values = form.IsChoice ? List() : Bounds(form);
        values["description"] = form.About;
        var properties = new JsonObject { [form.Word] = values };
        if (!form.IsChoice)
        {
            properties[SweepRangeForm.Points] = new JsonObject
            {
                ["type"] = "integer", ["minimum"] = 2, ["maximum"] = SweepRangeForm.MostPoints,
                ["description"] = "how many values of the range a grid has",
            };
        }

        return new()
        {
            ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties, ["required"] = new JsonArray(form.Word),
        };
    }

    private static JsonObject List() => new() { ["type"] = "array", ["minItems"] = 1 };

    private static JsonObject Bounds(SweepRangeForm form)
    {
        var number = new JsonObject { ["type"] = form.IsWhole ? "integer" : "number" };
        if (form.IsLogarithmic)
            number["exclusiveMinimum"] = 0;
        return new() { ["type"] = "array", ["items"] = number, ["minItems"] = 2, ["maxItems"] = 2 };
    }

    private static JsonObject Reference(string definition) => new() { ["$ref"] = $"#/definitions/{definition}" };
}
