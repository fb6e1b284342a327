using System.CommandLine;

namespace Orleans.Tbptt.Client.Manual;

/// <summary>The pages of <c>man</c>, from the same declarations as the help.</summary>
internal static class ManualPages
{
    /// <summary>A page for the program, and one for each of its commands.</summary>
    /// <param name="root">The program.</param>
    /// <param name="name">Its name.</param>
    /// <param name="exitCodes">Its exit codes.</param>
    public static IReadOnlyList<(string Name, string Text)> Of(
        RootCommand root, string name, IReadOnlyList<(int Code, string Meaning)> exitCodes)
    {
        var commands = root.Subcommands.Where(command => !command.Hidden).ToArray();
        var page = new ManualPage(name, root.Description ?? "");
        page.Synopsis(root.Arguments.Count > 0 || commands.Length == 0 || root.Action is not null ? Form(name, root) : null,
            [.. commands.Select(command => Form($"{name} {command.Name}", command))]);
        page.Describe();
        page.Entries("COMMANDS", [.. commands.Select(command => ($"{name}\\-{command.Name}", First(command.Description), true))]);
        page.Entries("OPTIONS", Options(root));
        page.ExitStatus(exitCodes);
        page.SeeAlso([.. commands.Select(command => $"{name}-{command.Name}")]);
        return [(name, page.ToString()), .. commands.Select(command => ($"{name}-{command.Name}", Page(root, command, name, exitCodes)))];
    }

    private static string Page(RootCommand root, Command command, string name, IReadOnlyList<(int Code, string Meaning)> exitCodes)
    {
        var page = new ManualPage($"{name}-{command.Name}", command.Description ?? "");
        page.Synopsis(Form($"{name} {command.Name}", command), []);
        page.Describe();
        page.Entries("ARGUMENTS",
            [.. command.Arguments.Select(argument => (argument.Name, argument.Description ?? "", false))]);
        page.Entries("OPTIONS", [.. Options(command), .. Options(root).Where(option => root.Options
            .Any(one => one.Recursive && option.Item1.StartsWith(one.Name, StringComparison.Ordinal)))]);
        page.ExitStatus(exitCodes);
        page.SeeAlso([name]);
        return page.ToString();
    }

    private static List<(string, string, bool)> Options(Command command) =>
    [
        .. command.Options.Where(option => !option.Hidden).Select(option =>
            (string.Join(", ", option.Aliases.Prepend(option.Name)) + (Value(option) is { Length: > 0 } value ? $" {value}" : ""),
                option.Description ?? "", false)),
    ];

    private static string Form(string words, Command command) => string.Join(' ',
    [
        words,
        .. command.Options.Any(option => !option.Hidden) ? (string[])["[OPTIONS]"] : [],
        .. command.Arguments.Select(argument => argument.Arity.MinimumNumberOfValues > 0 ? argument.Name : $"[{argument.Name}]"),
    ]);

    private static string Value(Option option) =>
        option.ValueType == typeof(bool) || option.Arity.MaximumNumberOfValues == 0 ? ""
        : option.Arity.MinimumNumberOfValues == 0 ? $"[{option.HelpName ?? "VALUE"}]" : option.HelpName ?? "VALUE";

    private static string First(string? description) => (description ?? "").Split("\n\n")[0].ReplaceLineEndings(" ");
}
